import { type JsonObject, type JsonValue, setOwn, stringifyJson, oncePerObject } from '@typekro/kit/core';
import type { Schema } from '../model.ts';
import { anywhere } from '../walk.ts';

const MAX_DEPTH = 500;

/** The error for defaults that are longer than the caller of `applyDefaults` allows. */
export class DefaultsTooLongError extends Error {}

/** Does a schema, or a part of it, have a default? */
export const hasDefaults = anywhere((schema) => schema.default !== undefined);

/**
 * Fills in the defaults of a schema as an API server does. Absent members get their default, and so do null members and
 * null list elements that are not nullable. Defaults are applied inside default values too. A null member that is not
 * nullable and has no default is dropped; such a list element stays. The given value does not change: the result shares
 * the unchanged parts, and is the value itself if nothing changes. `maxLength` is the maximum length of all inserted
 * defaults together, in characters of their JSON; default: no limit.
 *
 * @throws DefaultsTooLongError when the defaults are longer.
 */
export function applyDefaults(schema: Schema, value: JsonValue, maxLength = Number.POSITIVE_INFINITY): JsonValue {
  return fill(schema, value, { depth: 0, inserted: { left: maxLength } });
}

/** The place of a value, and the length that the defaults which are still to be inserted may have. */
interface Filling {
  readonly depth: number;
  readonly inserted: { left: number };
}

const nullable = (schema: Schema): boolean => schema.nullable === true;

function fill(schema: Schema, value: JsonValue, { depth, inserted }: Filling): JsonValue {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return value;
  const next = { depth: depth + 1, inserted };
  return Array.isArray(value) ? fillList(schema, value, next) : fillObject(schema, value, next);
}

function fillList(schema: Schema, list: JsonValue[], filling: Filling): JsonValue[] {
  const { items } = schema;
  if (items === undefined) return list;
  let result: JsonValue[] | undefined;
  for (let index = 0; index < list.length; index += 1) {
    const element = list[index] ?? null;
    const replaced =
      element === null && !nullable(items) && items.default !== undefined ? insert(items.default, filling) : element;
    const filled = fill(items, replaced, filling);
    if (filled !== element) (result ??= [...list])[index] = filled;
  }
  return result ?? list;
}

function fillObject(schema: Schema, object: JsonObject, filling: Filling): JsonObject {
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
      else setOwn(change(), name, fill(child, insert(child.default, filling), filling));
      continue;
    }
    const filled = fill(child, value, filling);
    if (filled !== value) setOwn(change(), name, filled);
  }
  if (properties === undefined || !hasDefaults(schema)) return result ?? object;
  for (const name of defaultedMembers(properties)) {
    const child = properties[name];
    if (child?.default === undefined || (Object.hasOwn(object, name) && object[name] !== undefined)) continue;
    setOwn(change(), name, fill(child, insert(child.default, filling), filling));
  }
  return result ?? object;
}

/** The names of the members that have a default, cached per `properties` object. */
const defaultedMembers = oncePerObject((properties: Readonly<Record<string, Schema>>): readonly string[] =>
  Object.keys(properties).filter((name) => properties[name]?.default !== undefined),
);

const lengthOfObject = oncePerObject((value: JsonObject | JsonValue[]) => stringifyJson(value).length);

/** The length of a default as JSON, in characters. */
function lengthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value.length : 1;
  return lengthOfObject(value);
}

/** A copy of a default, whose length is subtracted from the allowed length before the copy is made. */
function insert(value: JsonValue, { inserted }: Filling): JsonValue {
  inserted.left -= lengthOf(value);
  if (inserted.left >= 0) return typeof value === 'object' ? structuredClone(value) : value;
  throw new DefaultsTooLongError();
}
