import type { Command } from '../command.ts';
import { controller } from './controller.ts';
import { generate } from './generate.ts';
import { gitops } from './gitops.ts';
import { install } from './install.ts';
import { rbac } from './rbac.ts';
import { up } from './up.ts';
import { validate } from './validate.ts';

/** Every command, in the order of the help text. */
export const commands: readonly Command[] = [up, validate, generate, gitops, install, rbac, controller];
