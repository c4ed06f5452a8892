import type { JsonObject, JsonValue } from '../core/index.ts';
import { setOwn } from '../core/index.ts';
import { cryptoLibrary, stringifyJson } from '../core/index.ts';

/**
 * A short text for a JSON value: the first 20 bytes of a SHA-256, as 27 characters of base64url. Equal values have
 * equal texts: key order is ignored, and `1` equals `1n`. Different values have different texts for all practical
 * purposes.
 */
export function digestOf(value: JsonValue | undefined): string {
  // A slice of the hex text would keep the whole text in memory, for each of thousands of digests.
  return cryptoLibrary().hash('sha256', canonicalJson(value), 'buffer').toString('base64url', 0, 20);
}

/**
 * JSON text with sorted member names. Integer names come first, in numeric order, as in any JavaScript object. Members
 * that are `undefined` are left out.
 */
export function canonicalJson(value: JsonValue | undefined): string {
  return value === undefined ? 'null' : stringifyJson(inOrder(value));
}

/** The value with the members of all its objects in order, without those that are `undefined`. */
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
