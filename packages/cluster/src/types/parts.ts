import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type FieldError, numberAt } from '@typekro/kit/kubernetes';
import { type Problems, fieldInvalid } from '../errors/field-problems.ts';

/** Returns the member as an object. If the member is missing or not an object, sets it to an empty object. */
export function ensureAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  if (isJsonObject(value)) return value;
  const created: JsonObject = {};
  parent[key] = created;
  return created;
}

/** Sets the defaults of members that are missing, null or an empty string. */
export function fill(target: JsonObject, defaults: JsonObject): void {
  for (const [key, value] of Object.entries(defaults)) {
    const present = target[key];
    if ((present === undefined || present === null || present === '') && value !== undefined) target[key] = value;
  }
}

/** Adds an error when the value of `key` is negative. */
export function notNegative(parent: JsonObject | undefined, key: string, path: string, problems: Problems): void {
  const value = numberAt(parent, key);
  if (value !== undefined && value < 0) problems.invalid(`${path}.${key}`, value, 'must be greater than or equal to 0');
}

/** The error for a port number that is out of range; `undefined` for a valid port. */
export function portProblem(value: JsonValue | undefined, path: string): FieldError | undefined {
  if (typeof value === 'number' && value >= 1 && value <= 65_535) return undefined;
  return fieldInvalid(path, value ?? 0, 'must be between 1 and 65535, inclusive');
}

const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/** Checks a number or a percentage. With `isAtMost100Percent`, a percentage must not exceed 100. */
export function intOrPercent(
  value: JsonValue | undefined,
  path: string,
  problems: Problems,
  isAtMost100Percent = false,
): void {
  if (isAtMost100Percent && typeof value === 'string' && /^\d+%$/.test(value) && Number.parseInt(value, 10) > 100)
    problems.invalid(path, value, 'must not be greater than 100%');
  if (typeof value === 'string' && !/^\d+%$/.test(value)) problems.invalid(path, value, PERCENT);
  if (typeof value === 'number' && value < 0) problems.invalid(path, value, 'must be greater than or equal to 0');
}
