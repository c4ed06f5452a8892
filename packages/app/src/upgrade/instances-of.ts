import { declaredKind, declaredResource, instanceKey } from '@typekro/controller/controller';
import { type KubeObject, isJsonObject, TypeKroError } from '@typekro/kit/core';
import { isInstanceOf } from '../instance/serving-definition.ts';
import type { PlanContext } from '../plan/plan-context.ts';
import { GraphObject } from '@typekro/engine/graph';
import type { ObjectType } from '@typekro/engine/runtime';
import { unreadBecause } from '../plan/cluster-basics.ts';

/**
 * Lists the instances that belong to a definition, sorted by the string `namespace/name`. The list is empty when the
 * kind is not served.
 *
 * @throws TypeKroError `upgrade/not-read` when instances of the kind could not be read.
 */
export async function upgradedInstances(planned: PlanContext, definition: KubeObject): Promise<readonly KubeObject[]> {
  const { api, signal, source, basics } = planned;
  const declared = declaredKind(isJsonObject(definition.spec) ? definition.spec : {});
  const served = await declaredResource(api, declared, signal);
  if (served === undefined) return [];
  const { group, version, kind, plural, namespaced } = served;
  const table = await source.loadAll({ group, version, kind, plural, namespaced });
  requireRead(planned, { group, plural });
  const crd = basics.crds.find(({ metadata }) => metadata.name === `${plural}.${group}`);
  const { name = '' } = definition.metadata;
  const isOwn = (instance: KubeObject) => isInstanceOf(name, instance, crd);
  return [...table.all()].filter(isOwn).sort((a, b) => (instanceKey(a) < instanceKey(b) ? -1 : 1));
}

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
  const checked =
    type.plural === GraphObject.TYPE.plural && type.group === GraphObject.TYPE.group ? 'Graphs' : 'definitions';
  throw new TypeKroError(`the ${checked} cannot be checked: ${unread}`, {
    code: 'upgrade/not-read',
    remedy: `nothing was changed; run the command as a user who may list ${type.plural}.${type.group} in the whole cluster, or take the snapshot again as that user`,
  });
}
