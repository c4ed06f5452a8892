import type { JsonValue } from '../core/index.ts';
import { isJsonObject, jsonEquals } from '../core/index.ts';
import { keysOf } from './correlate.ts';
import { duplicate, fieldPath, invalid } from './field-error.ts';
import { goJson } from './go-text.ts';
import type { FieldError, Schema } from './model.ts';
import { anywhere, walk } from './walk.ts';

const typed = (schema: Schema): boolean =>
  schema['x-kubernetes-list-type'] === 'set' || schema['x-kubernetes-list-type'] === 'map';
const hasTypedLists = anywhere(typed);

/** Duplicates in lists that are sets or maps. Lists that did not change since `old` are left alone. */
export function listErrors(schema: Schema, value: JsonValue, old: JsonValue | undefined, base: string): FieldError[] {
  if (!hasTypedLists(schema)) return [];
  const errors: FieldError[] = [];
  for (const place of walk({ schema, value, old, path: base === '' ? [] : [base] }, hasTypedLists)) {
    if (!typed(place.schema) || !Array.isArray(place.value)) continue;
    const found = [...duplicates(place.schema, place.value, place.path)];
    if (found.length > 0 && place.old !== undefined && jsonEquals(place.value, place.old)) continue;
    errors.push(...found);
  }
  return errors;
}

function* duplicates(
  schema: Schema,
  list: readonly JsonValue[],
  path: Parameters<typeof fieldPath>[0],
): Iterable<FieldError> {
  const isMap = schema['x-kubernetes-list-type'] === 'map';
  const seen = new Set<string>();
  for (const [index, element] of list.entries()) {
    if (element === null) continue;
    const at = () => fieldPath([...path, index]);
    if (isMap && !isJsonObject(element)) {
      yield invalid(at(), element, 'must be an object for an array of list-type map');
      continue;
    }
    const identity = isMap && isJsonObject(element) ? keysOf(schema, element) : element;
    const text = goJson(identity);
    if (seen.has(text)) yield duplicate(at(), identity);
    seen.add(text);
  }
}
