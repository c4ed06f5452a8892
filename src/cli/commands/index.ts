import type { Command } from '../command.ts';
import { completion } from './completion.ts';
import { apply } from './apply.ts';
import { controller } from './controller.ts';
import { convert } from './convert.ts';
import { diff } from './diff.ts';
import { explain } from './explain.ts';
import { fmt } from './fmt.ts';
import { generate } from './generate.ts';
import { gitops } from './gitops.ts';
import { graph } from './graph.ts';
import { init } from './init.ts';
import { install } from './install.ts';
import { lint } from './lint.ts';
import { plan } from './plan.ts';
import { rbac } from './rbac.ts';
import { render } from './render.ts';
import { snapshot } from './snapshot.ts';
import { tree } from './tree.ts';
import { types } from './types.ts';
import { up } from './up.ts';
import { validate } from './validate.ts';
import { why } from './why.ts';
import { deleteInstance } from './delete.ts';
import { events } from './events.ts';
import { logs } from './logs.ts';
import { pin } from './pin.ts';
import { resume } from './resume.ts';
import { revisions } from './revisions.ts';
import { rollback } from './rollback.ts';
import { status } from './status.ts';
import { suspend } from './suspend.ts';
import { wait } from './wait.ts';

/** Every command, in the order of the help text. */
export const commands: readonly Command[] = [
  init,
  up,
  validate,
  graph,
  plan,
  apply,
  snapshot,
  render,
  explain,
  types,
  fmt,
  lint,
  why,
  tree,
  diff,
  status,
  wait,
  events,
  logs,
  suspend,
  resume,
  revisions,
  pin,
  rollback,
  deleteInstance,
  convert,
  generate,
  gitops,
  install,
  rbac,
  controller,
  completion(() => commands),
];
