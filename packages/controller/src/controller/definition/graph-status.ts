import { type JsonObject, definedMembers } from '@typekro/kit/core';
import { type Graph, Nodes } from '@typekro/engine/graph';

/**
 * The part of the status of definitions and revisions that describes a graph: the order and the dependencies of its
 * nodes, and the nodes whose kinds the cluster does not serve yet.
 */
export function graphStatus(graph: Graph): JsonObject {
  const resources = graph.order.flatMap((id) => {
    const dependsOn = graph.nodes.get(id)?.dependsOn ?? [];
    return dependsOn.length === 0 ? [] : [{ id, dependencies: dependsOn.map((dependency) => ({ id: dependency })) }];
  });
  const waiting = [...graph.nodes.values()].filter((node) => Nodes.awaitedKind(graph, node) !== undefined);
  return {
    ...(graph.order.length === 0 ? {} : { topologicalOrder: [...graph.order] }),
    ...(resources.length === 0 ? {} : { resources }),
    ...(waiting.length === 0 ? {} : { deferredResources: waiting.map(({ id }) => id) }),
  };
}

/**
 * The fields of a stored status that `graphStatus` computed from the last spec that compiled. The new status keeps
 * these fields when the present spec does not compile.
 */
export function lastGraphStatus(status: JsonObject): JsonObject {
  const { topologicalOrder, resources, deferredResources } = status;
  return { ...definedMembers({ topologicalOrder, resources, deferredResources }) };
}
