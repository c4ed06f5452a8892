import type { JsonValue } from '../core/index.ts';

/**
 * The kind of a JSON value as the errors of Go's `encoding/json` name it. Go's errors never name the kind of null, so
 * its result is an arbitrary one: `number`.
 */
export function goJsonKind(value: JsonValue | undefined): 'array' | 'bool' | 'number' | 'object' | 'string' {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return typeof value === 'object' && value !== null ? 'object' : 'number';
}

/**
 * The name of the Go type into which kro and the API server decode a JSON value, as it occurs in their messages. Null
 * and an absent value have the name `<nil>`.
 */
export function goTypeOf(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 'int64' : 'float64';
    case 'number':
      return Number.isSafeInteger(value) ? 'int64' : 'float64';
    default:
      return 'map[string]interface {}';
  }
}

/** Does Go decode a number as a 64-bit integer? Go decodes all other numbers as floats. */
export function isInteger64(value: number | bigint): boolean {
  if (typeof value === 'bigint') return value >= -(2n ** 63n) && value < 2n ** 63n;
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}
