import { CelValue } from '../values.ts';

/** The type of a piece of data in kro's messages: the Go type into which kro decodes JSON. */
export function goTypeName(data: unknown): string {
  switch (typeof data) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int64';
    case 'number':
      return Number.isSafeInteger(data) ? 'int64' : 'float64';
    default:
      if (data === null || data === undefined) return '<nil>';
      if (Array.isArray(data)) return '[]interface {}';
      if (data instanceof Uint8Array) return '[]uint8';
      return data instanceof CelValue ? data.typeName : 'map[string]interface {}';
  }
}
