import type { FieldError } from '../../kubernetes/index.ts';
import { fieldErrors } from '../../kubernetes/index.ts';

/**
 * Constructors of errors for fields of built-in kinds. Built-in kinds are structs in Go, so their members are printed
 * in the order of the struct.
 */
export const {
  print: formatValue,
  invalid: fieldInvalid,
  required: fieldRequired,
  notSupported: fieldNotSupported,
  forbidden: fieldForbidden,
  duplicate: fieldDuplicate,
  notFound: fieldNotFound,
  tooLong: fieldTooLong,
  tooMany: fieldTooMany,
} = fieldErrors((value) =>
  JSON.stringify(value, (_key, entry: unknown) => (typeof entry === 'bigint' ? Number(entry) : entry)),
);

/** Adds an error for each problem that a rule found in a value. */
export function addInvalid(problems: FieldError[], field: string, value: unknown, details: readonly string[]): void {
  for (const detail of details) problems.push(fieldInvalid(field, value, detail));
}
