import type { JsonObject, JsonValue } from '../core/index.ts';
import { setOwn } from '../core/index.ts';
import { cryptoLibrary, stringifyJson } from '../core/index.ts';

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
  if (Array.isArray(value)) {
    const entries = value.map(inOrder);
    return entries.some((entry, index) => entry !== value[index]) ? entries : value;
  }
  const names = Object.keys(value);
  // Each member is looked into once: twice on each level would be 2ⁿ times at depth n.
  let replaced: Map<string, JsonValue> | undefined;
  let isSorted = true;
  let last = '';
  for (const name of names) {
    const member = value[name];
    if (name < last) isSorted = false;
    last = name;
    if (typeof member !== 'object' || member === null) continue;
    const next = inOrder(member);
    if (next !== member) (replaced ??= new Map()).set(name, next);
  }
  if (isSorted && replaced === undefined) return value;
  const ordered: JsonObject = {};
  for (const name of isSorted ? names : names.sort()) {
    const member = replaced?.get(name) ?? value[name];
    if (member !== undefined) setOwn(ordered, name, member);
  }
  return ordered;
}
