import type { Graph } from '../graph/index.ts';

const CACHE = new WeakMap<Graph, Map<string, ReadonlySet<string>>>();

/**
 * The ids of the nodes that read a node, directly or through other nodes. The result is cached per graph, because a
 * graph never changes.
 */
export function transitiveDependents(graph: Graph, id: string): ReadonlySet<string> {
  let all = CACHE.get(graph);
  if (all === undefined) {
    all = new Map();
    for (const node of [...graph.order].reverse()) {
      const found = new Set<string>();
      for (const [other, { dependsOn }] of graph.nodes) {
        if (!dependsOn.includes(node)) continue;
        found.add(other);
        for (const further of all.get(other) ?? []) found.add(further);
      }
      all.set(node, found);
    }
    CACHE.set(graph, all);
  }
  return all.get(id) ?? new Set();
}
