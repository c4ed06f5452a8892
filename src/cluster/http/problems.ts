import type { FieldProblem } from './status.ts';

/** How a value stands in an error text: JSON without spaces, members in their order. */
export function formatValue(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (value === undefined) return 'null';
  return JSON.stringify(value, (_key, entry: unknown) => (typeof entry === 'bigint' ? Number(entry) : entry));
}

export const fieldInvalid = (
  field: string,
  value: unknown,
  detail: string,
): FieldProblem & { reason: 'FieldValueInvalid' } => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${formatValue(value)}: ${detail}`,
});

/** Refuses a value once for each thing that a rule found wrong with it. */
export function addInvalid(problems: FieldProblem[], field: string, value: unknown, details: readonly string[]): void {
  for (const detail of details) problems.push(fieldInvalid(field, value, detail));
}

export const fieldRequired = (field: string, detail = ''): FieldProblem => ({
  reason: 'FieldValueRequired',
  field,
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
});

export const fieldNotSupported = (field: string, value: unknown, supported: readonly string[]): FieldProblem => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${formatValue(value)}${
    supported.length === 0 ? '' : `: supported values: ${supported.map((entry) => JSON.stringify(entry)).join(', ')}`
  }`,
});

export const fieldForbidden = (field: string, detail: string): FieldProblem => ({
  reason: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${detail}`,
});

export const fieldDuplicate = (field: string, value: unknown): FieldProblem => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${formatValue(value)}`,
});

export const fieldNotFound = (field: string, value: unknown): FieldProblem => ({
  reason: 'FieldValueNotFound',
  field,
  message: `Not found: ${formatValue(value)}`,
});

export const fieldTooLong = (field: string, bytes: number): FieldProblem => ({
  reason: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${bytes} bytes`,
});
