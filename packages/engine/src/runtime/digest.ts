import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { setOwn } from '@typekro/kit/core';
import { cryptoLibrary, stringifyJson } from '@typekro/kit/core';

/**
 * The digest of a JSON value: the first 20 bytes of its SHA-256, as 27 characters of base64url. Equal values have equal
 * digests: key order is ignored, and `1` equals `1n`. Collisions of different values are practically impossible.
 */
export function digestOf(value: JsonValue | undefined): string {
  // A slice of the full hex string would keep the full string in memory, for each of thousands of digests.
  return cryptoLibrary().hash('sha256', canonicalJson(value), 'buffer').toString('base64url', 0, 20);
}

/**
 * Serializes a value as JSON with sorted member names. Integer names come first, in numeric order, as in any JavaScript
 * object. Members that are `undefined` are omitted.
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
