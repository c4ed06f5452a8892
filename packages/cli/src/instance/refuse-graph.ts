import type { KubeObject } from '@typekro/kit/core';
import { objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { isGraphObject } from '@typekro/engine/graph';
import { argumentOf } from './instance-name.ts';

/** The reason for `refuseGraph` in commands about suspension. */
export const NO_SUSPENSION = 'cannot be suspended: neither kro nor TypeKro can suspend a Graph';

/**
 * Throws for a Graph, in a command that applies only to instances of definitions.
 *
 * @param why the rest of the sentence after the name of the Graph, e.g. `has no revisions`
 * @throws TypeKroError `cli/graph` for an object of the kind Graph.
 */
export function refuseGraph(object: KubeObject, why: string): void {
  if (!isGraphObject(object)) return;
  throw new TypeKroError(`${objectName(refOf(object))} ${why}`, {
    code: 'cli/graph',
    remedy: `change the spec of the Graph instead; typekro why ${argumentOf(object)} shows what the Graph waits for`,
  });
}
