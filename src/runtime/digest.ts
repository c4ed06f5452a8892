import type { JsonObject, JsonValue } from '../core/index.ts';
import { setOwn } from '../core/index.ts';
import { cryptoLibrary, stringifyJson } from '../core/index.ts';

/**
 * A short text that is equal for equal JSON values (key order is ignored, `1` and `1n` are equal) and different, for
 * all practical purposes, for others: the first 20 bytes of a SHA-256, as 27 characters of base64url.
 */
export function digestOf(value: JsonValue | undefined): string {
  // Not a slice of the hex text: V8 would keep the whole text for each of thousands of digests.
  return cryptoLibrary().hash('sha256', canonicalJson(value), 'buffer').toString('base64url', 0, 20);
}

/**
 * JSON text with sorted member names. Integer names come first, in numeric order, as in any JavaScript object. Members
 * that are `undefined` are left out.
 */
export function canonicalJson(value: JsonValue | undefined): string {
  return value === undefined ? 'null' : stringifyJson(inOrder(value));
}

/** Returns the value itself when its members are sorted, the common case: each decision digests many objects. */
function inOrder(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const entries = value.map(inOrder);
    return entries.some((entry, index) => entry !== value[index]) ? entries : value;
  }
  const names = Object.keys(value);
  // Visits each member once: two visits on each level would be 2ⁿ at depth n.
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
