import type { KubeObject } from '../../core/index.ts';
import { objectName, refOf, TypeKroError } from '../../core/index.ts';
import { isGraphObject } from '../../graph/index.ts';
import { argumentOf } from './instance-name.ts';

/** Why no Graph can be suspended. */
export const NO_SUSPENSION = 'cannot be suspended: neither kro nor TypeKro can suspend a Graph';

/**
 * Refuses a Graph in a command about instances of definitions.
 *
 * @param why the rest of the sentence after the name of the Graph, e.g. `has no revisions`
 * @throws TypeKroError `cli/graph` for an object of the kind Graph.
 */
export function refuseGraph(object: KubeObject, why: string): void {
  if (!isGraphObject(object)) return;
  throw new TypeKroError(`${objectName(refOf(object))} ${why}`, {
    code: 'cli/graph',
    remedy: `change its spec; typekro why ${argumentOf(object)} shows what it waits for`,
  });
}
