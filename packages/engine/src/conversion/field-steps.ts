import { type JsonObject, type JsonValue, getOwn, isJsonObject } from '@typekro/kit/core';
import type { Schema } from '../schema/index.ts';

/**
 * A copy of the object with the value at the names of fields, or without the field for `undefined`. The copy shares the
 * unchanged parts. Objects on the way are made, except for the removal of a field.
 */
export function withFieldAt(
  object: JsonObject,
  [step = '', ...rest]: readonly string[],
  value: JsonValue | undefined,
): JsonObject {
  if (rest.length === 0) {
    if (value !== undefined) return { ...object, [step]: value };
    const { [step]: _removed, ...others } = object;
    return others;
  }
  const inner = getOwn(object, step);
  if (value === undefined && !isJsonObject(inner)) return object;
  return { ...object, [step]: withFieldAt(isJsonObject(inner) ? inner : {}, rest, value) };
}

/** The schema of a field; `undefined` when the schema does not declare it. */
export function declaredField(schema: Schema, steps: readonly string[]): Schema | undefined {
  let found: Schema | undefined = schema;
  for (const step of steps) found = getOwn(found?.properties ?? {}, step);
  return found;
}

/** Is one list of names the beginning of the other? */
export const isOnOnePath = (one: readonly string[], other: readonly string[]): boolean =>
  one.slice(0, other.length).every((step, index) => step === other[index]);

/** Is the path one of the lossy fields, or a part of one? */
export const isKept = (path: readonly string[], lossy: readonly (readonly string[])[]): boolean =>
  lossy.some((each) => each.length <= path.length && isOnOnePath(path, each));
