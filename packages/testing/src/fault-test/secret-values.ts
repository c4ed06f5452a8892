import type { Graph } from '@typekro/engine/graph';

/**
 * Returns a predicate: can a node's values come from a Secret? True if the node is a Secret or depends on a Secret.
 * `undefined` stands for the instance's status.
 */
export function secretValues(graph: Graph): (node: string | undefined) => boolean {
  const known = new Map<string, boolean>();
  const isSecret = (id: string): boolean => {
    const found = known.get(id);
    if (found !== undefined) return found;
    known.set(id, false);
    const node = graph.nodes.get(id);
    const result = node !== undefined && (node.type?.kind === 'Secret' || node.dependsOn.some(isSecret));
    known.set(id, result);
    return result;
  };
  return (node) => (node === undefined ? graph.status.dependsOn.some(isSecret) : isSecret(node));
}
