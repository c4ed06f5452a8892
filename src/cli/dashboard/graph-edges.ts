import type { Graph, GraphNode, GraphOutline, ReadPart } from '../../graph/index.ts';
import { graphOutline } from '../../graph/index.ts';
import type { CurrentValue, GraphEdge, PlacedExpression, ValueEdge } from '../../inspect/index.ts';
import { edgesWith, expressionsOf } from '../../inspect/index.ts';
import { canBeSecret, hidesInSecret } from '../instance/secret-fields.ts';
import { maskedTemplate } from '../plan/masked-values.ts';
import { newSalt } from '../plan/saved-plan.ts';

/** The salt of the hashes in place of masked literals. */
export const SALT = newSalt();

/**
 * The author's text of an expression. The literals in the fields of a Secret are masked, and those of a node whose kind
 * is computed.
 */
export function textOfExpression(
  node: GraphNode | undefined,
  { place, expression: { template, cel } }: PlacedExpression,
): string {
  const isHidden = node !== undefined && canBeSecret(node, () => true) && hidesInSecret(place);
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
  return edgesWith(graph, textOfExpression, ({ read }) => read);
}

/**
 * The edges of a graph with the values that flow.
 *
 * @param valueOf the present value of a part of a node, for a reader
 */
export function valueEdges(graph: Graph, valueOf: (part: ReadPart) => CurrentValue): ValueEdge[] {
  return edgesWith(graph, textOfExpression, ({ read, parts }) => ({ ...read, values: parts.map(valueOf) }));
}
