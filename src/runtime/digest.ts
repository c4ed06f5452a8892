import type { JsonObject, JsonValue } from '../core/index.ts';
import { cryptoLibrary, stringifyJson } from '../core/index.ts';
import { setOwn } from './own.ts';

/**
 * A short text that is equal for equal JSON values (key order means nothing, `1` and `1n` are equal) and
 * differs, for all practical purposes, for others: the first 20 bytes of a SHA-256, as 27 characters of base64url.
 */
export function digestOf(value: JsonValue | undefined): string {
  // Kept by the thousand: a slice of a longer text would keep all of that.
  return cryptoLibrary().hash('sha256', canonicalJson(value), 'buffer').toString('base64url', 0, 20);
}

/**
 * JSON text with the names of members in order, but for those that are whole numbers: these come first, in the order
 * of numbers, as in any object of JavaScript. Members that are `undefined` do not count.
 */
export function canonicalJson(value: JsonValue | undefined): string {
  return value === undefined ? 'null' : stringifyJson(inOrder(value));
}

/** The value itself where all members are in order, as they mostly are: each decision sees thousands of objects. */
function inOrder(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const names = Object.keys(value);
  let isSame = true;
  let last = '';
  for (const name of names) {
    const member = value[name];
    // Only what is nested has to be looked into.
    if (name < last || (typeof member === 'object' && member !== null && inOrder(member) !== member)) isSame = false;
    last = name;
  }
  if (isSame) return value;
  const ordered: JsonObject = {};
  for (const name of names.sort()) {
    const member = value[name];
    if (member !== undefined) setOwn(ordered, name, inOrder(member));
  }
  return ordered;
}
