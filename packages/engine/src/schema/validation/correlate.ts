import { type JsonObject, type JsonValue, canonicalJson, isJsonObject, jsonEquals, setOwn } from '@typekro/kit/core';
import type { Schema } from '../model.ts';

/** The values of the list map keys in one element of a map list. A missing key has the default of its schema. */
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

/** The keys of an element as a string; `undefined` if a key has no scalar value. */
function correlationKey(schema: Schema, element: JsonObject): string | undefined {
  const keys = mapKeysOf(schema, element);
  const names = schema['x-kubernetes-list-map-keys'] ?? [];
  const isComplete = names.every((name) => {
    const value = Object.hasOwn(keys, name) ? keys[name] : undefined;
    return value !== undefined && value !== null && typeof value !== 'object';
  });
  return isComplete ? canonicalJson(keys) : undefined;
}

/**
 * Returns a function that takes the index of a map list's element and finds the stored element with the same keys. If
 * several stored elements have the same keys, the first one is found. Returns `undefined` if the list is not a map list
 * or there is no stored list.
 */
export function correlateList(
  schema: Schema,
  value: readonly JsonValue[],
  old: JsonValue | undefined,
): ((index: number) => JsonValue | undefined) | undefined {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return undefined;
  let stored: Map<string, JsonValue> | undefined;
  return (index) => {
    stored ??= byKeys(schema, old);
    const element = value[index];
    const key = isJsonObject(element) ? correlationKey(schema, element) : undefined;
    return key === undefined ? undefined : stored.get(key);
  };
}

function byKeys(schema: Schema, list: readonly JsonValue[]): Map<string, JsonValue> {
  const elements = new Map<string, JsonValue>();
  for (const element of list) {
    const key = isJsonObject(element) ? correlationKey(schema, element) : undefined;
    if (key !== undefined && !elements.has(key)) elements.set(key, element);
  }
  return elements;
}

/**
 * Does a server consider a part of an object unchanged? The comparison follows the schema: a member without a schema
 * counts as changed, and the order of a map list's elements is ignored.
 */
export function isUnchanged(schema: Schema, value: JsonValue, old: JsonValue): boolean {
  if (Array.isArray(value)) {
    if (!Array.isArray(old) || value.length !== old.length) return false;
    const { items } = schema;
    const matched = correlateList(schema, value, old);
    if (matched === undefined) return jsonEquals(value, old);
    return value.every((element, index) => {
      const before = matched(index);
      return items !== undefined && before !== undefined && isUnchanged(items, element, before);
    });
  }
  if (!isJsonObject(value)) return jsonEquals(value, old);
  const names = Object.keys(value);
  if (!isJsonObject(old) || names.length !== Object.keys(old).length) return false;
  const { properties, additionalProperties } = schema;
  return names.every((name) => {
    const declared = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    const child = declared ?? additionalProperties;
    const [member, before] = [value[name], Object.hasOwn(old, name) ? old[name] : undefined];
    return (
      typeof child === 'object' && member !== undefined && before !== undefined && isUnchanged(child, member, before)
    );
  });
}
