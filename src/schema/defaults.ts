import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject, setOwn } from '../core/index.ts';
import type { Schema } from './model.ts';
import { anywhere } from './walk.ts';

const MAX_DEPTH = 500;

/** Does a schema, or a part of it, have a default? */
const hasDefaults = anywhere((schema) => schema.default !== undefined);

/**
 * Fills in the defaults of a schema as an API server does. Absent members get their default, and so do null members and
 * null list elements that are not nullable. Defaults are applied inside default values too. A null member that is not
 * nullable and has no default is dropped; such a list element stays. The given value does not change: the result shares
 * the unchanged parts, and is the value itself if nothing changes.
 */
export function applyDefaults(schema: Schema, value: JsonValue): JsonValue {
  return fill(schema, value, 0);
}

const nullable = (schema: Schema): boolean => schema.nullable === true;

function fill(schema: Schema, value: JsonValue, depth: number): JsonValue {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? fillList(schema, value, depth) : fillObject(schema, value, depth);
}

function fillList(schema: Schema, list: JsonValue[], depth: number): JsonValue[] {
  const { items } = schema;
  if (items === undefined) return list;
  let result: JsonValue[] | undefined;
  for (let index = 0; index < list.length; index += 1) {
    const element = list[index] ?? null;
    const replaced =
      element === null && !nullable(items) && items.default !== undefined ? clone(items.default) : element;
    const filled = fill(items, replaced, depth + 1);
    if (filled !== element) (result ??= [...list])[index] = filled;
  }
  return result ?? list;
}

function fillObject(schema: Schema, object: JsonObject, depth: number): JsonObject {
  let result: JsonObject | undefined;
  const change = (): JsonObject => (result ??= { ...object });
  const { properties, additionalProperties } = schema;
  for (const name of Object.keys(object)) {
    const value = object[name];
    const declared = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    const child = declared ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (child === undefined || value === undefined) continue;
    if (value === null && !nullable(child)) {
      if (child.default === undefined) delete change()[name];
      else setOwn(change(), name, fill(child, clone(child.default), depth + 1));
      continue;
    }
    const filled = fill(child, value, depth + 1);
    if (filled !== value) setOwn(change(), name, filled);
  }
  if (properties === undefined || !hasDefaults(schema)) return result ?? object;
  for (const name of defaultedMembers(properties)) {
    const child = properties[name];
    if (child?.default === undefined || (Object.hasOwn(object, name) && object[name] !== undefined)) continue;
    setOwn(change(), name, fill(child, clone(child.default), depth + 1));
  }
  return result ?? object;
}

const defaulted = new WeakMap<object, readonly string[]>();

/** The names of the members that have a default, cached per `properties` object. */
function defaultedMembers(properties: Readonly<Record<string, Schema>>): readonly string[] {
  let names = defaulted.get(properties);
  if (names === undefined) {
    names = Object.keys(properties).filter((name) => properties[name]?.default !== undefined);
    defaulted.set(properties, names);
  }
  return names;
}

/** A copy of a default, so that a change of an object cannot change the schema. */
function clone(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(clone);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, member === undefined ? null : clone(member)]),
  );
}
