import type { JsonValue } from '@typekro/kit/core';
import type { ReadPart } from '@typekro/engine/graph';
import { formatPath } from '@typekro/engine/graph';
import { valueAtSteps } from '@typekro/engine/schema';
import type { CurrentValue, InstanceNode } from './model.ts';

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
  if (value === undefined) return { is: 'unknown', message: `${formatPath([id, ...steps])} has no value` };
  return { is: 'known', value };
}
