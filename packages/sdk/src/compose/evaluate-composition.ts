import type { JsonValue, JsonObject, KubeObject } from '@typekro/kit/core';
import type { CompositionCore } from './composition.ts';
import type { InstancePlace } from './deploy-engine.ts';
import type { TracedCore } from './traced-core.ts';
import { evaluateGraph } from './evaluate-graph.ts';
import type { EvaluatedResource, Evaluation } from './public-types.ts';

/**
 * Evaluates the graph of a composition on a spec. A read of a resource uses the observed object if one is given, and
 * the resource's own template if not. The template lacks only the fields that the cluster sets.
 * `place` has the name and the namespace of the instance.
 */
export function evaluateComposition(
  core: CompositionCore,
  spec: unknown,
  observed: Readonly<Record<string, JsonValue>>,
  place?: InstancePlace,
): Evaluation {
  return evaluateInstance(core, core.proposed(spec, place), observed);
}

/** Evaluates the graph of a composition for an instance. */
export function evaluateInstance(
  core: CompositionCore,
  instance: KubeObject,
  observed: Readonly<Record<string, JsonValue>> = {},
): Evaluation {
  return evaluateTraced(core, core.atHub(instance), observed, core.violations(instance));
}

/** Evaluates the graph of a traced function on an instance. A Graph has no instance. */
export function evaluateTraced(
  core: TracedCore,
  instance: JsonObject | undefined,
  observed: Readonly<Record<string, JsonValue>>,
  broken: readonly string[] = [],
): Evaluation {
  const { baseIds } = core.variants;
  const { graph } = core.write('typekro');
  const seen: Record<string, JsonValue> = { ...observed };
  for (const [id, base] of baseIds) {
    const value = Object.hasOwn(observed, base) ? observed[base] : undefined;
    if (value !== undefined && !Object.hasOwn(seen, id)) seen[id] = value;
  }
  const found = evaluateGraph(graph, instance, seen, broken);
  return { ...found, resources: asAuthored(found.resources, baseIds) };
}

/** Merges the nodes of one resource into one entry under the id that the author knows. */
function asAuthored(
  nodes: readonly EvaluatedResource[],
  baseIds: ReadonlyMap<string, string>,
): readonly EvaluatedResource[] {
  if (baseIds.size === 0) return nodes;
  const resources = new Map<string, EvaluatedResource>();
  for (const node of nodes) {
    const id = baseIds.get(node.id) ?? node.id;
    const other = resources.get(id);
    // At most one node is certainly included. A node that waits takes precedence over an excluded node.
    const takesPrecedence = other === undefined || (node.included && (node.pending === undefined || !other.included));
    if (takesPrecedence) resources.set(id, { ...node, id });
  }
  return [...resources.values()];
}
