import { hash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../core/index.ts';
import { compareText } from './identity.ts';

/**
 * A short text that is equal for equal JSON values (key order means nothing, `1` and `1n` are equal) and
 * differs, for all practical purposes, for others: the first 20 bytes of a SHA-256, as 27 characters of base64url.
 */
export function digestOf(value: JsonValue | undefined): string {
  // Kept by the thousand: a slice of a longer text would keep all of that.
  return hash('sha256', canonicalJson(value), 'buffer').toString('base64url', 0, 20);
}

/** JSON text with sorted keys. Members that are `undefined` do not count. */
export function canonicalJson(value: JsonValue | undefined): string {
  if (value === undefined) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const entry of value) text += `${text === '' ? '' : ','}${canonicalJson(entry)}`;
    return `[${text}]`;
  }
  for (const key of sortedKeys(value)) {
    const member = value[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** The names of the members in order, which most objects have already: every decision sorts thousands of them. */
function sortedKeys(value: JsonObject): string[] {
  const names = Object.keys(value);
  return names.every((name, index) => index === 0 || (names[index - 1] ?? '') <= name)
    ? names
    : names.sort(compareText);
}
