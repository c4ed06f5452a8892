import type { Expression, Graph, GraphNode, ReadPart } from '../graph/index.ts';
import { dimensionsOf, formatPath } from '../graph/index.ts';
import type { EdgeRead } from './model.ts';
import { SPEC_NODE, STATUS_NODE } from './model.ts';

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

/** An expression that reads another node, as a view of edges shows it. */
export interface ShownRead {
  readonly read: EdgeRead;
  /** The parts at `read.paths`, in their order. */
  readonly parts: readonly ReadPart[];
}

/**
 * The edges of a graph, in the order of its nodes.
 *
 * @param textOf the text of an expression; a caller masks the literals of Secrets here
 */
export function edgesWith<Shown>(
  graph: Graph,
  textOf: (node: GraphNode | undefined, placed: PlacedExpression) => string,
  show: (read: ShownRead) => Shown,
): { readonly from: string; readonly to: string; readonly reads: Shown[] }[] {
  const nodes = graph.order.flatMap((id) => graph.nodes.get(id) ?? []);
  const edges = nodes.flatMap((node) => edgesTo(graph, node.id, expressionsOf(node), node.dependsOn, textOf));
  return [...edges, ...edgesTo(graph, STATUS_NODE, statusExpressions(graph), [], textOf)].map(({ reads, ...edge }) => ({
    ...edge,
    reads: reads.map(show),
  }));
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
      // A node may read itself in readyWhen. That is no edge.
      if (part.id === to || !(graph.nodes.has(part.id) || part.id === SPEC_NODE)) continue;
      parts.set(part.id, [...(parts.get(part.id) ?? []), part]);
    }
    for (const [id, own] of parts) {
      const paths = own.map(({ steps }) => formatPath(steps));
      const read = { purpose, place, expression: textOf(node, placed), paths };
      byNode.set(id, [...(byNode.get(id) ?? []), { read, parts: own }]);
    }
  }
  return [...byNode].map(([from, reads]) => ({ from, to, reads }));
}
