import type { JsonValue } from '../core/index.ts';
import { formatGeneral, goJson, goQuote } from '../golang/index.ts';
import type { FieldError } from './model.ts';

/** A step of a field path: a member, an index, or the key of a map. */
export type PathPart = string | number | { readonly key: string };

/** A path as Kubernetes writes it: `spec.ports[0].name`, `metadata.labels[a.b]`; the empty path is `<nil>`. */
export function fieldPath(parts: readonly PathPart[]): string {
  if (parts.length === 0) return '<nil>';
  let text = '';
  for (const part of parts) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (typeof part === 'string') text += text === '' ? part : `.${part}`;
    else text += `[${part.key}]`;
  }
  return text;
}

/** A value as it stands in an error text. */
function badValue(value: JsonValue | undefined): string {
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : formatGeneral(value);
  return goJson(value);
}

const withDetail = (text: string, detail: string): string => (detail === '' ? text : `${text}: ${detail}`);

export const required = (field: string, detail = ''): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
});

export const invalid = (field: string, value: JsonValue | undefined, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${badValue(value)}`, detail),
});

export const typeInvalid = (field: string, value: JsonValue | undefined, detail: string): FieldError => ({
  reason: 'FieldValueTypeInvalid',
  field,
  message: withDetail(`Invalid value: ${badValue(value)}`, detail),
});

export const notSupported = (field: string, value: JsonValue | undefined, values: readonly string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  message: withDetail(
    `Unsupported value: ${badValue(value)}`,
    values.length === 0 ? '' : `supported values: ${values.map(goQuote).join(', ')}`,
  ),
});

export const duplicate = (field: string, value: JsonValue | undefined): FieldError => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${badValue(value)}`,
});

export const forbidden = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
});

export const tooLong = (field: string, max: number | bigint): FieldError => ({
  reason: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${counted(max, 'byte')}`,
});

export const tooMany = (field: string, actual: number, max: number | bigint): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${counted(max, 'item')}`,
});

function counted(count: number | bigint, what: string): string {
  return `${count} ${what}${Number(count) === 1 ? '' : 's'}`;
}
