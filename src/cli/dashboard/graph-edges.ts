import type { Expression, Graph, GraphNode, ReadPart } from '../../graph/index.ts';
import { dimensionsOf, formatPath } from '../../graph/index.ts';
import type { CurrentValue, EdgeRead, GraphEdge, ValueEdge } from '../../inspect/index.ts';
import { SPEC_NODE, STATUS_NODE } from '../../inspect/index.ts';

/** An expression of a node, or of the status, with its place. */
export interface PlacedExpression extends Pick<EdgeRead, 'purpose' | 'place'> {
  readonly expression: Expression;
}

/** All expressions of a node, in the order in which the controller needs them. */
export function expressionsOf(node: GraphNode): PlacedExpression[] {
  const numbered = (purpose: EdgeRead['purpose'], expressions: readonly Expression[] = []): PlacedExpression[] =>
    expressions.map((expression, index) => ({ purpose, place: `${purpose}[${index}]`, expression }));
  return [
    ...numbered('includeWhen', node.includeWhen),
    ...dimensionsOf(node).map(({ name, expression }) => ({
      purpose: 'forEach' as const,
      place: `forEach.${name}`,
      expression,
    })),
    ...node.template.holes.map(({ pathText, expression }) => ({
      purpose: 'field' as const,
      place: pathText,
      expression,
    })),
    ...numbered('readyWhen', node.readyWhen),
    ...numbered('propagateWhen', node.propagateWhen),
  ];
}

/** The expressions of the status of instances. */
export function statusExpressions({ status }: Graph): PlacedExpression[] {
  const fields = status.holes.map(({ pathText, expression }) => ({
    purpose: 'field' as const,
    place: pathText,
    expression,
  }));
  const conditions = (status.conditions ?? []).map((expression, index) => ({
    purpose: 'field' as const,
    place: `conditions[${index}]`,
    expression,
  }));
  return [...fields, ...conditions];
}

/** The author's text of an expression. */
export const textOfExpression = ({ template, cel }: Expression): string => template ?? cel;

/** The edges of a graph, in the order of its nodes. */
export function graphEdges(graph: Graph): GraphEdge[] {
  return edgesWith(graph, ({ read }) => read);
}

/**
 * The edges of a graph with the values that flow.
 *
 * @param valueOf the present value of a part of a node, for a reader
 */
export function valueEdges(graph: Graph, valueOf: (part: ReadPart) => CurrentValue): ValueEdge[] {
  return edgesWith(graph, ({ read, parts }) => ({ ...read, values: parts.map(valueOf) }));
}

interface Read {
  readonly read: EdgeRead;
  /** The parts at `read.paths`, in their order. */
  readonly parts: readonly ReadPart[];
}

function edgesWith<Shown>(
  graph: Graph,
  show: (read: Read) => Shown,
): { readonly from: string; readonly to: string; readonly reads: Shown[] }[] {
  const nodes = graph.order.flatMap((id) => graph.nodes.get(id) ?? []);
  const edges = nodes.flatMap((node) => edgesTo(graph, node.id, expressionsOf(node), node.dependsOn));
  return [...edges, ...edgesTo(graph, STATUS_NODE, statusExpressions(graph), [])].map(({ reads, ...edge }) => ({
    ...edge,
    reads: reads.map(show),
  }));
}

function edgesTo(
  graph: Graph,
  to: string,
  expressions: readonly PlacedExpression[],
  dependsOn: readonly string[],
): { readonly from: string; readonly to: string; readonly reads: Read[] }[] {
  const byNode = new Map<string, Read[]>([...dependsOn].sort().map((id) => [id, []]));
  for (const { purpose, place, expression } of expressions) {
    const parts = new Map<string, ReadPart[]>();
    for (const part of expression.reads) {
      // A node may read itself in readyWhen. That is no edge.
      if (part.id === to || !(graph.nodes.has(part.id) || part.id === SPEC_NODE)) continue;
      parts.set(part.id, [...(parts.get(part.id) ?? []), part]);
    }
    for (const [id, own] of parts) {
      const paths = own.map(({ steps }) => formatPath(steps));
      const read = { purpose, place, expression: textOfExpression(expression), paths };
      byNode.set(id, [...(byNode.get(id) ?? []), { read, parts: own }]);
    }
  }
  return [...byNode].map(([from, reads]) => ({ from, to, reads }));
}
