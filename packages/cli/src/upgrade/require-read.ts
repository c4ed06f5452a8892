import { TypeKroError } from '@typekro/kit/core';
import { GRAPH_TYPE } from '@typekro/engine/graph';
import type { ObjectType } from '@typekro/engine/runtime';
import { unreadBecause } from '../plan/cluster-basics.ts';
import type { PlanContext } from '../plan/plan-context.ts';

/**
 * Throws when the objects of a type could not be read, because the check could then report an unsafe upgrade as safe.
 *
 * @throws TypeKroError `upgrade/not-read`, with the message of the server.
 */
export function requireRead(
  { basics, source }: Pick<PlanContext, 'basics' | 'source'>,
  type: Pick<ObjectType, 'plural' | 'group'>,
): void {
  const unread = unreadBecause([...basics.limits, ...source.limits], type);
  if (unread === undefined) return;
  const checked = type.plural === GRAPH_TYPE.plural && type.group === GRAPH_TYPE.group ? 'Graphs' : 'definitions';
  throw new TypeKroError(`the ${checked} cannot be checked: ${unread}`, {
    code: 'upgrade/not-read',
    remedy: `nothing was changed; run the command as a user who may list ${type.plural}.${type.group} in the whole cluster, or take the snapshot again as that user`,
  });
}
