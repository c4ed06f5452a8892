import { type Expression, type GraphNode, Nodes } from '../../graph/index.ts';
import { assignItem, evaluateDimensions, maxItems } from './collection.ts';
import { type EvaluationFailure, evaluateToJson } from '../evaluate.ts';
import type { StepContext } from '../step-context.ts';

/**
 * The ids of the nodes that a node always needs, independent of the branches that its expressions take. Without
 * `dependsOnInBranches`, these are all nodes that the node reads.
 */
export function necessaryNodes({ dependsOn, dependsOnInBranches }: GraphNode): readonly string[] {
  return dependsOnInBranches === undefined ? dependsOn : dependsOn.filter((id) => !dependsOnInBranches.includes(id));
}

/**
 * The ids of nodes that have no data although a node reads them, in the branches that its expressions take. The ids are
 * unique and in the order of the expressions. The caller has checked that the necessary nodes (`necessaryNodes`) have
 * data. An expression that has no value for another reason adds no node; the failure is reported when the node is
 * resolved.
 */
export function missingInBranches(context: StepContext, node: GraphNode): readonly string[] {
  const absent = (node.dependsOnInBranches ?? []).filter((id) => !context.ready.has(id));
  if (absent.length === 0) return [];
  const { holes } = node.template;
  const found = new Set<string>();
  const evaluate = (expression: Expression, variables: ReadonlyMap<string, unknown>): void => {
    if (!expression.references.some((id) => absent.includes(id))) return;
    const result = evaluateToJson(expression, variables, context.evaluation);
    const id = result.state === 'value' ? undefined : missingNode(result.failure);
    if (id !== undefined && absent.includes(id)) found.add(id);
  };
  const forEach = Nodes.dimensionsOf(node);
  for (const { expression } of forEach) evaluate(expression, context.ready);
  for (const { expression, kind } of holes) if (kind !== 'iteration') evaluate(expression, context.ready);
  const perItem = holes.filter(({ kind }) => kind === 'iteration');
  if (found.size > 0 || perItem.length === 0) return [...found];
  const dimensions = evaluateDimensions(context, { ...node, forEach });
  if (!dimensions.ok) return [];
  const variables = new Map(context.ready);
  for (let index = 0; index < Math.min(dimensions.size, maxItems(context)); index++) {
    assignItem(variables, dimensions, index);
    for (const { expression } of perItem) evaluate(expression, variables);
  }
  return [...found];
}

/** CEL's message for a variable without a value. */
const UNBOUND = 'no such attribute(s): ';

/** The node whose missing data makes an expression fail; undefined for any other failure. */
export function missingNode({ reason, missing }: EvaluationFailure): string | undefined {
  return reason.startsWith(UNBOUND) ? missing : undefined;
}
