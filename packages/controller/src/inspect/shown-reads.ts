import { type Graph, type GraphNode, type ReadPart, Path } from '@typekro/engine/graph';
import { PlacedExpression } from '@typekro/engine/runtime';
import { type EdgeRead, STATUS_NODE } from './inspect-model.ts';

/** The read of another node by an expression, with the data that a view of edges needs. */
export interface ShownRead {
  readonly read: EdgeRead;
  /** The parts that `read.paths` denotes, in the same order. */
  readonly parts: readonly ReadPart[];
  /** The node that reads. Absent for the status. */
  readonly reader?: GraphNode;
  readonly placed: PlacedExpression;
}

/**
 * The edges of a graph, in the order of its nodes.
 *
 * @param textOf returns the text of an expression, in which the caller has masked literals of Secrets
 */
export function edgesWith<Shown>(
  graph: Graph,
  textOf: (node: GraphNode | undefined, placed: PlacedExpression) => string,
  show: (read: ShownRead) => Shown,
): { readonly from: string; readonly to: string; readonly reads: Shown[] }[] {
  const nodes = graph.order.flatMap((id) => graph.nodes.get(id) ?? []);
  const edges = nodes.flatMap((node) => edgesTo(graph, node.id, PlacedExpression.of(node), node.dependsOn, textOf));
  return [...edges, ...edgesTo(graph, STATUS_NODE, PlacedExpression.ofStatus(graph), [], textOf)].map(
    ({ reads, ...edge }) => ({ ...edge, reads: reads.map(show) }),
  );
}

function edgesTo(
  graph: Graph,
  to: string,
  expressions: readonly PlacedExpression[],
  dependsOn: readonly string[],
  textOf: (node: GraphNode | undefined, placed: PlacedExpression) => string,
): { readonly from: string; readonly to: string; readonly reads: ShownRead[] }[] {
  const byNode = new Map<string, ShownRead[]>([...dependsOn].sort().map((id) => [id, []]));
  const node = graph.nodes.get(to);
  for (const placed of expressions) {
    const { purpose, place, expression } = placed;
    const parts = new Map<string, ReadPart[]>();
    for (const part of expression.reads) {
      // An expression in readyWhen reads its own node. Such a read is not an edge.
      if (part.id === to || !(graph.nodes.has(part.id) || part.id === PlacedExpression.SPEC_NODE)) continue;
      parts.set(part.id, [...(parts.get(part.id) ?? []), part]);
    }
    for (const [id, own] of parts) {
      const paths = own.map(({ steps }) => Path.format(steps));
      const read = { purpose, place, expression: textOf(node, placed), paths };
      const shown = { read, parts: own, placed, ...(node === undefined ? {} : { reader: node }) };
      byNode.set(id, [...(byNode.get(id) ?? []), shown]);
    }
  }
  return [...byNode].map(([from, reads]) => ({ from, to, reads }));
}
