import type { Expression, Graph, GraphNode, GraphOutline, ReadPart } from '../../graph/index.ts';
import { dimensionsOf, formatPath, graphOutline } from '../../graph/index.ts';
import type { CurrentValue, EdgeRead, GraphEdge, ValueEdge } from '../../inspect/index.ts';
import { SPEC_NODE, STATUS_NODE } from '../../inspect/index.ts';
import { hidesInSecret } from '../instance/secret-fields.ts';
import { maskedTemplate } from '../plan/masked-values.ts';
import { newSalt } from '../plan/saved-plan.ts';

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

/** The salt of the hashes in place of masked literals. */
export const SALT = newSalt();

/** The author's text of an expression. The literals in the fields of a Secret are masked. */
export function textOfExpression(
  node: Pick<GraphNode, 'type'> | undefined,
  { place, expression: { template, cel } }: PlacedExpression,
): string {
  const isHidden = node?.type?.group === '' && node.type.kind === 'Secret' && hidesInSecret(place);
  if (!isHidden) return template ?? cel;
  const masked = maskedTemplate(SALT, template ?? `\${${cel}}`, 'text');
  return template === undefined ? masked.slice(2, -1) : masked;
}

/** The outline of a graph, without the literals in the fields of Secrets. */
export function maskedOutline(graph: Graph): GraphOutline {
  const outline = graphOutline(graph);
  const nodes = outline.nodes.map((node) => {
    const compiled = graph.nodes.get(node.id);
    const texts = new Map(
      (compiled === undefined ? [] : expressionsOf(compiled)).map((each) => [
        each.place,
        textOfExpression(compiled, each),
      ]),
    );
    const reads = node.reads.map((read) => ({ ...read, expression: texts.get(read.place) ?? read.expression }));
    return { ...node, reads };
  });
  return { ...outline, nodes };
}

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
      const read = { purpose, place, expression: textOfExpression(node, placed), paths };
      byNode.set(id, [...(byNode.get(id) ?? []), { read, parts: own }]);
    }
  }
  return [...byNode].map(([from, reads]) => ({ from, to, reads }));
}
