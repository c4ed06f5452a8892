import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { mapKeysOf } from './correlate.ts';
import { duplicate, invalid } from './field-error.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import type { Schema } from '../model.ts';
import type { Context } from './validate-context.ts';

/** Errors for repeated elements of a set or map list. */
export function duplicateErrors(schema: Schema, list: readonly JsonValue[], context: Context): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return [];
  const at = (index: number): string => {
    context.steps.push(index);
    const place = context.place();
    context.steps.pop();
    return place;
  };
  const wrongIndex = listType === 'map' ? list.findIndex((element) => element !== null && !isJsonObject(element)) : -1;
  if (wrongIndex >= 0)
    return [invalid(at(wrongIndex), list[wrongIndex], 'must be an object for an array of list-type map')];
  const errors: FieldError[] = [];
  const seen = new Map<string, number>();
  for (let index = 0; index < list.length; index += 1) {
    const element = list[index] ?? null;
    const identity = listType === 'set' ? element : mapKeysOf(schema, isJsonObject(element) ? element : {});
    const key = context.identity(identity);
    const times = seen.get(key) ?? 0;
    // Of several equal elements, only the second one is reported.
    if (times === 1) errors.push(duplicate(at(index), identity));
    seen.set(key, times + 1);
  }
  return errors;
}
