import type { FieldError } from '../../kubernetes/index.ts';
import { fieldErrors } from '../../kubernetes/index.ts';

/** Errors of fields of built-in kinds, which are structs in Go: their members are printed as they stand. */
export const {
  print: formatValue,
  invalid: fieldInvalid,
  required: fieldRequired,
  notSupported: fieldNotSupported,
  forbidden: fieldForbidden,
  duplicate: fieldDuplicate,
  notFound: fieldNotFound,
  tooLong: fieldTooLong,
} = fieldErrors((value) =>
  JSON.stringify(value, (_key, entry: unknown) => (typeof entry === 'bigint' ? Number(entry) : entry)),
);

/** Refuses a value once for each thing that a rule found wrong with it. */
export function addInvalid(problems: FieldError[], field: string, value: unknown, details: readonly string[]): void {
  for (const detail of details) problems.push(fieldInvalid(field, value, detail));
}
