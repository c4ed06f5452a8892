import { type JsonValue, stringifyJson } from '@typekro/kit/core';
import { type Expression, type GraphNode, type ReadPart, Nodes, Path } from '@typekro/engine/graph';
import { Evaluate } from '@typekro/engine/runtime';
import type { CurrentValue, InstanceNode } from './inspect-model.ts';
import { valueAtSteps } from '@typekro/engine/schema';

/** The maximum size of a value as JSON, in bytes. */
const MAX_VALUE_BYTES = 4096;

/** A known value, or its size when it is too large to be sent. */
export function boundedValue(value: JsonValue): CurrentValue {
  const bytes = new TextEncoder().encode(stringifyJson(value)).length;
  return bytes > MAX_VALUE_BYTES ? { is: 'large', bytes } : { is: 'known', value };
}

/** The message for an expression that has one value per object, when no object is chosen. */
export const FOR_EACH = 'it has a value for each object of the collection';

/** Does an expression of the node read one of its iterators, or `each`? If so, it has one value per object. */
export function readsItem(node: GraphNode, { references }: Expression): boolean {
  const iterators = Nodes.dimensionsOf(node).map(({ name }) => name);
  return references.some((name) => iterators.includes(name) || name === 'each');
}

/**
 * The current value of an expression of a node, or of the status. An expression that reads an iterator or `each` has no
 * single current value. The caller masks values that can come from Secrets.
 *
 * @param node absent for an expression of the status
 * @param variables the data of the instance (`schema`) and of nodes, by their names
 * @param now the time of the evaluation, in milliseconds since the epoch
 */
export function expressionValue(
  node: GraphNode | undefined,
  expression: Expression,
  variables: ReadonlyMap<string, unknown>,
  now: number,
): CurrentValue {
  if (node !== undefined && readsItem(node, expression)) return { is: 'unknown', message: FOR_EACH };
  return evaluatedValue(expression, variables, now);
}

/**
 * Evaluates an expression with these variables. The variables must include the iterators and `each` if the expression
 * reads them.
 */
export function evaluatedValue(
  expression: Expression,
  variables: ReadonlyMap<string, unknown>,
  now: number,
): CurrentValue {
  const result = Evaluate.toJson(expression, variables, { now });
  if (result.state === 'error') return { is: 'failed', message: result.failure.reason };
  if (result.state === 'pending') return { is: 'unknown', message: result.failure.reason };
  return result.value === undefined ? { is: 'unknown', message: 'the field is left out' } : boundedValue(result.value);
}

/** The number of objects in each state. */
export function countObjects(objects: InstanceNode['objects']): InstanceNode['counts'] {
  const counts = { unknown: 0, absent: 0, present: 0, deleting: 0, failed: 0 };
  for (const { state } of objects) counts[state] += 1;
  return counts;
}

/**
 * The current value of data that an expression reads. For a collection, it is the list of the values of all objects.
 *
 * @param data the object of the node, or the objects of a collection; `undefined` before an object exists
 */
export function presentValue({ id, steps }: ReadPart, data: JsonValue | undefined): CurrentValue {
  if (data === undefined) return { is: 'unknown', message: `${id} does not exist yet` };
  const value = Array.isArray(data) ? data.map((item) => valueAtSteps(item, steps) ?? null) : valueAtSteps(data, steps);
  if (value === undefined) return { is: 'unknown', message: `${Path.format([id, ...steps])} has no value` };
  return { is: 'known', value };
}
