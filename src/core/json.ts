import { getOwn } from './get-own.ts';
import { setOwn } from './set-own.ts';

/**
 * A JSON value. Integers that a JavaScript number cannot hold exactly (beyond ±(2⁵³−1)) are `bigint`; all other values
 * are those of `JSON.parse`.
 */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** A JSON object. Only own properties count; `__proto__` is an ordinary key. */
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

/** A run of digits that may be an integer beyond 2⁵³. A text without such a run is parsed by `JSON.parse` alone. */
const LONG_INTEGER = /\d{16}/;

/** A string or a number. Strings are matched too, so that digits inside them are not taken for numbers. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Marks a number that was rewritten into a string before parsing; U+E000 is a private-use character. */
const MARK = '\uE000int:';

/**
 * Parses JSON without losing integers: an integer that a JavaScript number cannot hold exactly becomes `bigint`.
 *
 * @throws SyntaxError as `JSON.parse` does, when the text is not JSON.
 */
export function parseJson(text: string): JsonValue {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text) as JsonValue;
  const original = JSON.parse(text) as JsonValue;
  let changed = false;
  const marked = text.replace(TOKEN, (token) => {
    if (token.charCodeAt(0) === 0x22 || !/^-?\d+$/.test(token) || Number.isSafeInteger(Number(token))) return token;
    changed = true;
    return `"${MARK}${token}"`;
  });
  if (!changed) return original;
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  ) as JsonValue;
}

/** Like `parseJson`; undefined for a text that is not JSON. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** Writes JSON; `bigint` is written as a plain integer. `indent` as in `JSON.stringify`. */
export function stringifyJson(value: JsonValue, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    // The value holds a `bigint`, which is rare. A replacer function for every value would make writing ten times as
    // slow.
    const marked = (_key: string, entry: unknown) => (typeof entry === 'bigint' ? `${MARK}${entry}` : entry);
    return JSON.stringify(value, marked, indent).replaceAll(new RegExp(`"${MARK}(-?\\d+)"`, 'g'), '$1');
  }
}

/** Is this a JSON object (not null, not a list)? */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns `base` with the members of `change`. Objects are merged member by member; `change` replaces all other values,
 * lists included.
 */
export function mergeJson(base: JsonObject, change: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const before = getOwn(base, key);
    setOwn(merged, key, isJsonObject(before) && isJsonObject(value) ? mergeJson(before, value) : value);
  }
  return merged;
}

/**
 * Deep equality of JSON values. The order of members does not count, the order of elements does; `1` and `1n` are
 * equal.
 */
export function jsonEquals(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a === 'bigint' || typeof b === 'bigint') return sameInteger(a, b);
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((entry, index) => jsonEquals(entry, b[index]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  // A counting loop allocates no iterator. This function compares thousands of objects.
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] ?? '';
    if (!Object.hasOwn(b, key) || !jsonEquals(a[key], b[key])) return false;
  }
  return true;
}

/** `1` and `1n` are the same integer; a fraction or another type equals no `bigint`. */
function sameInteger(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  const toBigInt = (value: JsonValue | undefined) =>
    typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value as bigint | number) : undefined;
  const left = toBigInt(a);
  return left !== undefined && left === toBigInt(b);
}
