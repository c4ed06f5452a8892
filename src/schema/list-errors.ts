import type { JsonValue } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import { keysOf } from './correlate.ts';
import { duplicate, invalid } from './field-error.ts';
import { goJson } from './go-text.ts';
import type { FieldError, Schema } from './model.ts';
import type { Context } from './validate-context.ts';

/** Duplicates in a list that is a set or a map. */
export function duplicateErrors(schema: Schema, list: readonly JsonValue[], context: Context): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return [];
  const errors: FieldError[] = [];
  const seen = new Set<JsonValue>();
  const at = (index: number): string => {
    context.steps.push(index);
    const place = context.place();
    context.steps.pop();
    return place;
  };
  for (let index = 0; index < list.length; index += 1) {
    const element = list[index] ?? null;
    if (element === null) continue;
    if (listType === 'map' && !isJsonObject(element)) {
      errors.push(invalid(at(index), element, 'must be an object for an array of list-type map'));
      continue;
    }
    const identity = listType === 'map' && isJsonObject(element) ? keysOf(schema, element) : element;
    // Scalars of different types never have the same text.
    const key = typeof identity === 'string' ? identity : `\u0000${goJson(identity)}`;
    if (seen.has(key)) errors.push(duplicate(at(index), identity));
    seen.add(key);
  }
  return errors;
}
