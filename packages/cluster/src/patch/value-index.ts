import type { JsonValue } from '@typekro/kit/core';

/**
 * A string that is the same for values that `jsonEquals` calls equal, and only for these. With it, values are found in
 * long lists in constant time.
 */
export function valueKey(value: JsonValue | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(valueKey).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${valueKey(value[name])}`).join(',')}}`;
}

/** Maps the key of each value to the index of its first occurrence in the list. */
export function firstIndexes(values: readonly (JsonValue | undefined)[]): Map<string, number> {
  const indexes = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    const key = valueKey(value);
    if (!indexes.has(key)) indexes.set(key, index);
  }
  return indexes;
}
