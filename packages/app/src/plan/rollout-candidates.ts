import { readPolicies } from '@typekro/controller/controller';
import { type KubeObject, typeMetaOf } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { isNotFound, KubeError } from '@typekro/kube';
import { isInstanceOf } from '../instance/serving-definition.ts';
import type { PlanContext } from './plan-context.ts';

/**
 * Returns the instances from which a rollout selects. With `--namespace`, the plan contains the instances of one
 * namespace, but the controller selects from all namespaces. When the user may not list all namespaces, returns the
 * instances of the plan, and adds a limit.
 */
export async function candidatesOf(
  { api, only, source, signal }: PlanContext,
  graph: Graph,
  definition: KubeObject,
  crd: KubeObject | undefined,
  planned: readonly KubeObject[],
): Promise<readonly KubeObject[]> {
  const hasRollout = readPolicies(definition).canary !== undefined || graph.propagateWhen !== undefined;
  if (only === undefined || !graph.instance.namespaced || !hasRollout) return planned;
  try {
    const { items } = await api.list(typeMetaOf(graph.instance), { signal });
    return items.filter((instance) => isInstanceOf(graph.name, instance, crd));
  } catch (thrown) {
    if (isNotFound(thrown)) return planned;
    if (!(thrown instanceof KubeError) || thrown.status !== 403) throw thrown;
    source.limits.add(
      `the instances of ${graph.name} that get its revision first are unknown, because the instances in other namespaces could not be read: ${thrown.message}`,
    );
    return planned;
  }
}
