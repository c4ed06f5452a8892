import type { JsonValue } from '../core/index.ts';

/** The kind of a JSON value as the errors of Go's `encoding/json` name it. */
export function goJsonKind(value: JsonValue | undefined): 'array' | 'bool' | 'number' | 'object' | 'string' {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return typeof value === 'object' && value !== null ? 'object' : 'number';
}
