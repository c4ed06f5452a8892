import type { FieldError } from '@typekro/kit/kubernetes';
import { fieldErrors } from '@typekro/kit/kubernetes';
import { toJsonText } from '../codec/json.ts';

/**
 * Constructors of errors for fields of built-in kinds. Built-in kinds are structs in Go, so messages print their
 * members in the order of the struct.
 */
export const {
  print: formatValue,
  invalid: fieldInvalid,
  invalidWithoutValue: fieldInvalidWithoutValue,
  required: fieldRequired,
  notSupported: fieldNotSupported,
  forbidden: fieldForbidden,
  duplicate: fieldDuplicate,
  notFound: fieldNotFound,
  tooLong: fieldTooLong,
  tooMany: fieldTooMany,
} = fieldErrors(toJsonText);

/** Adds an error for each problem that a rule found in a value. */
export function addInvalid(problems: FieldError[], field: string, value: unknown, details: readonly string[]): void {
  for (const detail of details) problems.push(fieldInvalid(field, value, detail));
}

/** The indexes of the entries that equal an earlier entry of the list. */
export function repeatedIndexes(entries: readonly unknown[]): ReadonlySet<number> {
  const seen = new Set<unknown>();
  const repeated = new Set<number>();
  for (const [index, entry] of entries.entries()) {
    if (seen.has(entry)) repeated.add(index);
    seen.add(entry);
  }
  return repeated;
}
