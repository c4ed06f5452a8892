import { type Expression, type Graph, type GraphNode, Nodes } from '../graph/index.ts';

/**
 * The id that stands for the instance's own spec among the node ids that an expression reads. No node can have this id.
 */
export const SPEC_NODE = 'schema';

/** The use of an expression in a graph. */
export type ExpressionPurpose = 'field' | 'includeWhen' | 'forEach' | 'readyWhen' | 'propagateWhen';

/** An expression of a node or of the status, with its position. */
export interface PlacedExpression {
  readonly purpose: ExpressionPurpose;
  /** The field with the expression, or `includeWhen[0]`, `forEach.zone`, `readyWhen[0]`. */
  readonly place: string;
  readonly expression: Expression;
}

/** All expressions of a node, in the order in which the controller needs them. */
export function expressionsOf(node: GraphNode): PlacedExpression[] {
  const numbered = (purpose: ExpressionPurpose, expressions: readonly Expression[] = []): PlacedExpression[] =>
    expressions.map((expression, index) => ({ purpose, place: `${purpose}[${index}]`, expression }));
  return [
    ...numbered('includeWhen', node.includeWhen),
    ...Nodes.dimensionsOf(node).map(({ name, expression }) => ({
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

/** The expressions of a graph with their places. */
export const PlacedExpression = { of: expressionsOf, SPEC_NODE, ofStatus: statusExpressions };
