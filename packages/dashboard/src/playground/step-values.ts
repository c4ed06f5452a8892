import type { Graph, GraphNode } from '@typekro/engine/graph';
import { expressionValue, STATUS_NODE } from '@typekro/controller/inspect';
import { PlacedExpression } from '@typekro/engine/runtime';
import type { NodeValues } from './input.ts';

/**
 * The expressions of all nodes in the order of creation, then those of the status, with their static types and present
 * values.
 *
 * @param variables the instance (`schema`) and the objects of nodes, by their names
 * @param now the time of the simulation, in milliseconds since the epoch
 */
export function stepValues(graph: Graph, variables: ReadonlyMap<string, unknown>, now: number): NodeValues[] {
  const valuesOf = (id: string, node: GraphNode | undefined, placed: readonly PlacedExpression[]): NodeValues => ({
    node: id,
    expressions: placed.map(({ purpose, place, expression }) => ({
      purpose,
      place,
      expression: expression.template ?? expression.cel,
      type: expression.type,
      value: expressionValue(node, expression, variables, now),
    })),
  });
  const nodes = graph.order.flatMap((id) => graph.nodes.get(id) ?? []);
  return [
    ...nodes.map((node) => valuesOf(node.id, node, PlacedExpression.of(node))),
    valuesOf(STATUS_NODE, undefined, PlacedExpression.ofStatus(graph)),
  ].filter(({ expressions }) => expressions.length > 0);
}
