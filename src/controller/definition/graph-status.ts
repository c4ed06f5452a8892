import type { JsonObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';

/** What the statuses of definitions and revisions show of a graph: its order, and who depends on whom. */
export function graphStatus(graph: Graph): JsonObject {
  const resources = graph.order.flatMap((id) => {
    const dependsOn = graph.nodes.get(id)?.dependsOn ?? [];
    return dependsOn.length === 0 ? [] : [{ id, dependencies: dependsOn.map((dependency) => ({ id: dependency })) }];
  });
  return {
    ...(graph.order.length === 0 ? {} : { topologicalOrder: [...graph.order] }),
    ...(resources.length === 0 ? {} : { resources }),
  };
}
