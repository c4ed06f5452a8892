import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { correlateList } from './validation/correlate.ts';
import type { PathPart } from './validation/field-error.ts';
import type { Schema } from './model.ts';

/** A value together with its schema and path. */
export interface ValueInSchema {
  readonly schema: Schema;
  readonly value: JsonValue;
  /** The stored value of the same field, if it can be matched. */
  readonly old: JsonValue | undefined;
  readonly path: readonly PathPart[];
}

/** The depth at which a walk stops. Only recursive schemas reach it. */
const MAX_DEPTH = 500;

/**
 * Visits the parts of a value together with their schemas, parents first. Parts that the schema does not describe are
 * skipped. A child is visited only if `interesting` is true for its schema.
 */
export function* walkPlaces(place: ValueInSchema, interesting: (schema: Schema) => boolean): Iterable<ValueInSchema> {
  yield place;
  const { schema, value, old, path } = place;
  if (path.length > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined || !interesting(items)) return;
    const matched = correlateList(schema, value, old);
    for (let index = 0; index < value.length; index += 1) {
      const child = { schema: items, value: value[index] ?? null, old: matched?.(index), path: [...path, index] };
      yield* walkPlaces(child, interesting);
    }
  } else if (isJsonObject(value)) {
    const { properties, additionalProperties } = schema;
    for (const name of Object.keys(value)) {
      const member = value[name];
      if (member === undefined) continue;
      const declared = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
      const child = declared ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
      if (child === undefined || !interesting(child)) continue;
      const before = isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
      const step: PathPart = declared === undefined ? { key: name } : name;
      yield* walkPlaces({ schema: child, value: member, old: before, path: [...path, step] }, interesting);
    }
  }
}

/**
 * Returns a function that tests whether a predicate is true for a schema or for a nested schema (in items, properties
 * or additional properties). The result is cached per schema. Cyclic schemas are allowed.
 */
export function anywhere(holds: (schema: Schema) => boolean): (schema: Schema) => boolean {
  const known = new WeakMap<Schema, boolean>();
  const search = (schema: Schema, open: Set<Schema>): { found: boolean; final: boolean } => {
    const answer = known.get(schema);
    if (answer !== undefined) return { found: answer, final: true };
    if (open.has(schema)) return { found: false, final: false };
    open.add(schema);
    let found = holds(schema);
    let final = true;
    for (const child of childrenOf(schema)) {
      if (found) break;
      const below = search(child, open);
      found = below.found;
      final &&= below.final;
    }
    open.delete(schema);
    // In a cycle, the search meets a schema that it has not finished. A negative result may then be incomplete, so it
    // is not cached.
    if (found || final || open.size === 0) known.set(schema, found);
    return { found, final: found || final || open.size === 0 };
  };
  return (schema) => known.get(schema) ?? search(schema, new Set()).found;
}

function* childrenOf(schema: Schema): Iterable<Schema> {
  if (schema.items !== undefined) yield schema.items;
  if (typeof schema.additionalProperties === 'object') yield schema.additionalProperties;
  if (schema.properties !== undefined) yield* Object.values(schema.properties);
}
