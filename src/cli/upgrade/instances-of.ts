import { declaredKind, instanceKey } from '../../controller/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { formatApiVersion, isJsonObject } from '../../core/index.ts';
import type { PlanContext } from '../plan/plan-context.ts';

/** The instances of the kind that a definition declares, by namespace and name; none where the kind is not served. */
export async function instancesOf(
  { api, signal, source }: PlanContext,
  definition: KubeObject,
): Promise<readonly KubeObject[]> {
  const { kind, ...version } = declaredKind(isJsonObject(definition.spec) ? definition.spec : {});
  const served = await api.discovery.resourceOf({ apiVersion: formatApiVersion(version), kind }, { signal });
  if (served === undefined) return [];
  const { plural, namespaced } = served;
  const table = await source.loadAll({ ...version, kind, plural, namespaced });
  return [...table.all()].sort((a, b) => (instanceKey(a) < instanceKey(b) ? -1 : 1));
}
