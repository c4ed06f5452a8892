import { type Graph, type GraphNode, type OutlineNode, GraphOutline } from '@typekro/engine/graph';
import { type GraphEdge, type ValueEdge, edgesWith } from '@typekro/controller/inspect';
import { PlacedExpression, Secrets } from '@typekro/engine/runtime';
import type { CurrentValues } from './current-values.ts';
import { maskedTemplate, newSalt } from '@typekro/app/plan';

/** The salt of the hashes that replace masked literals. */
export const SALT = newSalt();

/**
 * Returns an expression as its author wrote it. For a node that is or can be a Secret, the literals are masked in every
 * expression except those of public fields, such as names and labels.
 */
export function textOfExpression(
  node: GraphNode | undefined,
  { place, expression: { template, cel } }: PlacedExpression,
): string {
  const isHidden = node !== undefined && Secrets.isPossible(node, () => true) && Secrets.hides(place);
  if (!isHidden) return template ?? cel;
  const masked = maskedTemplate(SALT, template ?? `\${${cel}}`, 'text');
  return template === undefined ? masked.slice(2, -1) : masked;
}

/** The outline of a graph. Expressions are masked as `textOfExpression` describes. */
export function maskedOutline(graph: Graph): GraphOutline {
  const outline = GraphOutline.of(graph);
  return { ...outline, nodes: outline.nodes.map((node) => maskedNode(node, graph.nodes.get(node.id))) };
}

function maskedNode(node: OutlineNode, compiled: GraphNode | undefined): OutlineNode {
  const placed = compiled === undefined ? [] : PlacedExpression.of(compiled);
  const texts = new Map(placed.map((each) => [each.place, textOfExpression(compiled, each)]));
  const celTexts = new Map(
    placed.map(({ expression: { template: _template, ...expression }, ...each }) => [
      each.place,
      textOfExpression(compiled, { ...each, expression }),
    ]),
  );
  const conditions = (list: 'includeWhen' | 'readyWhen' | 'propagateWhen', expressions: readonly string[]) =>
    expressions.map((cel, index) => celTexts.get(`${list}[${index}]`) ?? cel);
  const { reads, forEach, includeWhen, readyWhen, propagateWhen } = node;
  return {
    ...node,
    reads: reads.map((read) => ({ ...read, expression: texts.get(read.place) ?? read.expression })),
    forEach: forEach.map(({ name, expression }) => ({
      name,
      expression: celTexts.get(`forEach.${name}`) ?? expression,
    })),
    includeWhen: conditions('includeWhen', includeWhen),
    readyWhen: conditions('readyWhen', readyWhen),
    ...(propagateWhen === undefined ? {} : { propagateWhen: conditions('propagateWhen', propagateWhen) }),
  };
}

/** The edges of a graph, in the order of its nodes. */
export function graphEdges(graph: Graph): GraphEdge[] {
  return edgesWith(graph, textOfExpression, ({ read }) => read);
}

/**
 * The edges of a graph, each with the values that its target reads from its source.
 *
 * @param valueOf returns the present value of a part of a node; the second argument is the node that reads the part
 */
export function valueEdges(graph: Graph, valueOf: CurrentValues['ofRead']): ValueEdge[] {
  return edgesWith(graph, textOfExpression, ({ read, parts, reader, placed }) => ({
    ...read,
    values: parts.map((part) => valueOf(part, reader, placed)),
  }));
}
