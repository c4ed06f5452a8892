import { hash } from 'node:crypto';
import type { JsonValue } from '../core/index.ts';
import { compareText } from './identity.ts';

/**
 * A short text that is equal for equal JSON values (key order means nothing, `1` and `1n` are equal) and
 * differs, for all practical purposes, for others: 27 characters of base64url of a SHA-256.
 */
export function digestOf(value: JsonValue | undefined): string {
  return hash('sha256', canonicalJson(value), 'base64url').slice(0, 27);
}

/** JSON text with sorted keys. Members that are `undefined` do not count. */
export function canonicalJson(value: JsonValue | undefined): string {
  if (value === undefined) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry)).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort(compareText)) {
    const member = value[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}
