import { closingQuote } from './text.ts';
import { getOwn, setOwn } from './members.ts';

/**
 * A JSON value. Integers that a JavaScript number cannot represent exactly (beyond ±(2⁵³−1)) are `bigint`. All other
 * values are as in `JSON.parse`.
 */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** A JSON object. Only own properties count; `__proto__` is an ordinary key. */
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

/**
 * Matches a part of each integer beyond 2⁵³ and of each number beyond the range of a double. A text without such a part
 * is parsed by `JSON.parse` alone.
 */
const LARGE_NUMBER = /\d{16}|\d[eE]\+?\d{3}/;

/** Matches the quote that begins a string, and matches a number. */
const TOKEN = /"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** The maximum length of a number in a message. */
const MAX_SHOWN_LENGTH = 64;

/** The error for a number beyond the range of a double, such as `1e400`. JSON writers print such a number as `null`. */
export class JsonNumberError extends SyntaxError {
  /** The number as in the text; only its beginning when it is long. */
  readonly literal: string;

  constructor(literal: string) {
    const shown = literal.length > MAX_SHOWN_LENGTH ? `${literal.slice(0, MAX_SHOWN_LENGTH)}…` : literal;
    super(`the number ${shown} is beyond the range of 64-bit floating-point numbers`);
    this.literal = shown;
  }
}

/**
 * Parses JSON without losing numbers: an integer that a JavaScript number cannot represent exactly becomes `bigint`.
 *
 * @throws SyntaxError as `JSON.parse` does, when the text is not JSON.
 * @throws JsonNumberError when a number is beyond the range of a double.
 */
export function parseJson(text: string): JsonValue {
  if (!LARGE_NUMBER.test(text)) return JSON.parse(text) as JsonValue;
  const original = JSON.parse(text) as JsonValue;
  const quoted = withQuotedIntegers(text);
  return quoted === undefined ? original : withIntegers(original, JSON.parse(quoted) as JsonValue);
}

/** The JSON with its long integers as strings; undefined when it has none. Throws JsonNumberError. */
function withQuotedIntegers(text: string): string | undefined {
  const parts: string[] = [];
  const token = new RegExp(TOKEN);
  let copied = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    // Digits inside a string are not a number. A pattern for whole strings would overflow V8's stack on long strings.
    if (found === '"') token.lastIndex = (closingQuote(text, match.index) ?? text.length) + 1;
    else if (!Number.isFinite(Number(found))) throw new JsonNumberError(found);
    else if (/^-?\d+$/.test(found) && !Number.isSafeInteger(Number(found))) {
      parts.push(text.slice(copied, match.index), `"${found}"`);
      copied = token.lastIndex;
    }
  }
  return parts.length === 0 ? undefined : parts.join('') + text.slice(copied);
}

/**
 * Puts the long integers into a value. `quoted` is the same value, in which each long integer is a string of its
 * digits. Where `value` has a number and `quoted` has a string, the number is a long integer. The function uses a stack
 * instead of recursion, because the author of the JSON text decides the depth.
 */
function withIntegers(value: JsonValue, quoted: JsonValue): JsonValue {
  const whole: JsonObject = { value };
  const open: (readonly [parent: JsonObject, quoted: JsonObject])[] = [[whole, { value: quoted }]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [parent, other] = pair;
    for (const key of Object.keys(parent)) {
      const [member, digits] = [getOwn(parent, key), getOwn(other, key)];
      if (typeof member === 'number' && typeof digits === 'string') setOwn(parent, key, BigInt(digits));
      // A list is an object with indexes here.
      else if (typeof member === 'object' && member !== null) open.push([member, digits] as [JsonObject, JsonObject]);
    }
  }
  return whole['value'] ?? null;
}

/** Like `parseJson`; undefined for a string that is not JSON. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** Writes JSON; `bigint` is written as a plain integer. `indent` as in `JSON.stringify`. */
export function stringifyJson(value: JsonValue | object, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    // The value contains a `bigint`, which is rare. A replacer function for every value would make writing ten times as
    // slow.
    const mark = unusedMark(JSON.stringify(value, (_key, entry: unknown) => (typeof entry === 'bigint' ? 0 : entry)));
    const marked = (_key: string, entry: unknown) => (typeof entry === 'bigint' ? `${mark}${entry}` : entry);
    return JSON.stringify(value, marked, indent).replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1');
  }
}

/** A mark for integers. No string of the JSON text contains the mark; U+E000 is a private-use character. */
function unusedMark(text: string): string {
  const taken = new Set(Array.from(text.matchAll(/\uE000(\d+):/g), ([, number = '']) => number));
  let number = 0;
  while (taken.has(String(number))) number += 1;
  return `\uE000${number}:`;
}

/** Is this a JSON object (not null, not a list)? */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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

/**
 * Serializes a value as JSON with sorted member names. Integer names come first, in numeric order, as in any JavaScript
 * object. Members that are `undefined` are omitted. Values that are equal for `jsonEquals` have the same text, which a
 * set or map finds without a comparison with each other value.
 */
export function canonicalJson(value: JsonValue | undefined): string {
  return value === undefined ? 'null' : stringifyJson(inOrder(value));
}

/** A copy of the value in which all objects have sorted members and no members that are `undefined`. */
function inOrder(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const ordered: JsonObject = {};
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member !== undefined) setOwn(ordered, name, inOrder(member));
  }
  return ordered;
}

/** The values without those that equal an earlier one. */
export function distinctJson<T extends JsonValue>(values: readonly T[]): T[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.size < seen.add(canonicalJson(value)).size);
}

/** The values that equal one of `others`. */
export function commonJson<T extends JsonValue>(values: readonly T[], others: readonly JsonValue[]): T[] {
  const known = new Set(others.map(canonicalJson));
  return values.filter((value) => known.has(canonicalJson(value)));
}
