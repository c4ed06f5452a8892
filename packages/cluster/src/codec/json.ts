import { type JsonValue, JsonNumberError, parseJson, stringifyJson } from '@typekro/kit/core';
import { goJsonSyntaxError } from '@typekro/kit/golang';

/** Serialises a JSON value. Integers beyond 2⁵³ keep their digits. */
export function toJsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (thrown) {
    if (!(thrown instanceof TypeError) || !thrown.message.includes('BigInt')) throw thrown;
    return stringifyJson(value as JsonValue);
  }
}

/** Like `toJsonText`, but returns bytes. */
export function toJsonBytes(value: unknown): Buffer {
  return Buffer.from(toJsonText(value));
}

/**
 * The maximum nesting of objects and lists. The parser refuses deeper bodies, so that no recursive code processes them.
 */
export const MAX_DEPTH = 1000;

/** A failure of JSON parsing, with the message of Go's decoder. */
export class JsonSyntaxError extends Error {}

/** The error for a number beyond the range of a double, with the message of Go's decoder. */
export class JsonRangeError extends JsonSyntaxError {}

/** The error for a string whose objects and lists are nested too deeply. */
export class JsonDepthError extends JsonSyntaxError {}

/** Matches an escaped backslash, an escaped pair of surrogates, and an escaped surrogate without its pair (group 1). */
const SURROGATE = /\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})/g;

/** Parses JSON. As in Go, a surrogate without its pair becomes U+FFFD. Throws JsonSyntaxError. */
export function parseStrictJson(text: string): JsonValue {
  if (tooDeep(text)) throw new JsonDepthError('exceeded max depth');
  try {
    if (!/\\u[dD][89a-fA-F]/.test(text)) return parseJson(text);
    return parseJson(text.replace(SURROGATE, (whole, single?: string) => (single === undefined ? whole : '\\ufffd')));
  } catch (thrown) {
    if (thrown instanceof JsonNumberError)
      throw new JsonRangeError(`json: cannot unmarshal number ${thrown.literal} into Go value of type float64`);
    if (thrown instanceof SyntaxError) throw new JsonSyntaxError(goJsonSyntaxError(text));
    throw thrown;
  }
}

/** Parses JSON. Returns `undefined` for a string that is not JSON or is nested deeper than `MAX_DEPTH`. */
export function tryParseStrictJson(text: string): JsonValue | undefined {
  try {
    return parseStrictJson(text);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError) return undefined;
    throw thrown;
  }
}

function tooDeep(text: string): boolean {
  if (text.length < MAX_DEPTH || openings(text) <= MAX_DEPTH) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Counts the opening brackets, including those in strings. Stops when the number exceeds the maximum depth. */
function openings(text: string): number {
  let count = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0 && count <= MAX_DEPTH; at = text.indexOf(bracket, at + 1)) count++;
  }
  return count;
}

/** The maximum number of repeated members and unknown fields that the response for a JSON body lists. */
export const MAX_STRICT_PROBLEMS = 100;

/**
 * Does an object in a JSON text contain a member more than once? `value` is the parsed text. Compares the number of
 * keys in the text with the number of members in the value, which takes only one scan.
 */
export const hasDuplicateFields = (text: string, value: JsonValue): boolean => countKeys(text) !== countMembers(value);

/** Returns the paths (`data.k`, `items[0].x`) of the first 100 members that occur more than once in their objects. */
export function duplicateFields(text: string, value: JsonValue): string[] {
  if (!hasDuplicateFields(text, value)) return [];
  const found = new Set<string>();
  walkMembers(text, (path, isRepeated) => {
    if (isRepeated && found.size < MAX_STRICT_PROBLEMS) found.add(path);
    return found.size < MAX_STRICT_PROBLEMS;
  });
  return [...found];
}

/**
 * Calls `visit` for each member of a JSON text, in the order of the text. `isRepeated` is true when the key also occurs
 * earlier in the same object. When `visit` returns false for a member, the members of its value are skipped. The text
 * must be valid JSON.
 */
export function walkMembers(text: string, visit: (path: string, isRepeated: boolean) => boolean): void {
  let index = 0;
  const skip = () => {
    while (index < text.length && ' \t\r\n,:'.includes(text.charAt(index))) index++;
  };
  const string = () => {
    const start = index;
    for (index++; index < text.length && text.charAt(index) !== '"'; index++) if (text.charAt(index) === '\\') index++;
    index++;
    return JSON.parse(text.slice(start, index)) as string;
  };
  const walk = (path: string, isVisible: boolean) => {
    skip();
    const head = text.charAt(index);
    if (head === '"') string();
    else if (head === '{') {
      index++;
      const seen = new Set<string>();
      for (skip(); text.charAt(index) !== '}'; skip()) {
        const key = string();
        const child = path === '' ? key : `${path}.${key}`;
        walk(child, isVisible && visit(child, seen.has(key)));
        seen.add(key);
      }
      index++;
    } else if (head === '[') {
      index++;
      let position = 0;
      for (skip(); text.charAt(index) !== ']'; skip()) walk(`${path}[${position++}]`, isVisible);
      index++;
    } else while (index < text.length && !',]} \t\r\n'.includes(text.charAt(index))) index++;
  };
  walk('', true);
}

function countKeys(text: string): number {
  let count = 0;
  for (let index = text.indexOf('"'); index >= 0; index = text.indexOf('"', index)) {
    let end = text.indexOf('"', index + 1);
    while (end > 0 && escaped(text, end)) end = text.indexOf('"', end + 1);
    if (end < 0) break;
    index = end + 1;
    let next = text.charCodeAt(index);
    while (next === 0x20 || next === 0x0a || next === 0x0d || next === 0x09) next = text.charCodeAt(++index);
    if (next === 0x3a) count++;
  }
  return count;
}

function escaped(text: string, position: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(position - 1 - slashes) === 0x5c) slashes++;
  return slashes % 2 === 1;
}

function countMembers(value: JsonValue | undefined): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const entry of value) count += countMembers(entry);
  else for (const key of Object.keys(value)) count += 1 + countMembers(value[key]);
  return count;
}
