import type { JsonObject, JsonValue } from '../core/index.ts';
import { goJson } from '../golang/index.ts';
import { isJsonObject, setOwn } from '../core/index.ts';
import type { Schema } from './model.ts';

/** The values of a map list's keys in one element, with defaults of the schema where a key is missing. */
export function mapKeysOf(schema: Schema, element: JsonObject): JsonObject {
  const keys: JsonObject = {};
  for (const name of schema['x-kubernetes-list-map-keys'] ?? []) {
    const value = Object.hasOwn(element, name) ? element[name] : defaultOfKey(schema, name);
    if (value !== undefined) setOwn(keys, name, value);
  }
  return keys;
}

function defaultOfKey(schema: Schema, name: string): JsonValue | undefined {
  const properties = schema.items?.properties;
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name]?.default : undefined;
}

/**
 * Makes a function that finds, by the keys of a map list, the stored element for the element at an index. `undefined`
 * when the list is not a map list, or when there is no stored list.
 */
export function correlateList(
  schema: Schema,
  value: readonly JsonValue[],
  old: JsonValue | undefined,
): ((index: number) => JsonValue | undefined) | undefined {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return undefined;
  let stored: Map<string, JsonValue> | undefined;
  return (index) => {
    stored ??= new Map(old.filter(isJsonObject).map((element) => [goJson(mapKeysOf(schema, element)), element]));
    const element = value[index];
    return isJsonObject(element) ? stored.get(goJson(mapKeysOf(schema, element))) : undefined;
  };
}
