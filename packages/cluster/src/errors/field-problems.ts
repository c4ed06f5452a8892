import { type FieldError, fieldErrors } from '@typekro/kit/kubernetes';
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

/** The errors of a write. Each method adds an error for a field; the arguments are those of the constructors. */
export class Problems extends Array<FieldError> {
  invalid(...args: Parameters<typeof fieldInvalid>): void {
    this.push(fieldInvalid(...args));
  }
  invalidWithoutValue(...args: Parameters<typeof fieldInvalidWithoutValue>): void {
    this.push(fieldInvalidWithoutValue(...args));
  }
  required(...args: Parameters<typeof fieldRequired>): void {
    this.push(fieldRequired(...args));
  }
  notSupported(...args: Parameters<typeof fieldNotSupported>): void {
    this.push(fieldNotSupported(...args));
  }
  forbidden(...args: Parameters<typeof fieldForbidden>): void {
    this.push(fieldForbidden(...args));
  }
  duplicate(...args: Parameters<typeof fieldDuplicate>): void {
    this.push(fieldDuplicate(...args));
  }
  notFound(...args: Parameters<typeof fieldNotFound>): void {
    this.push(fieldNotFound(...args));
  }
  tooLong(...args: Parameters<typeof fieldTooLong>): void {
    this.push(fieldTooLong(...args));
  }
  tooMany(...args: Parameters<typeof fieldTooMany>): void {
    this.push(fieldTooMany(...args));
  }
  /** Adds an error for each problem that a rule found in a value. */
  invalidFor(field: string, value: unknown, details: readonly string[]): void {
    for (const detail of details) this.invalid(field, value, detail);
  }
  /** Adds an error that may be absent. */
  add(error: FieldError | undefined): void {
    if (error !== undefined) this.push(error);
  }
  /** Adds an error if the list does not contain the value. */
  requireOneOf(field: string, value: unknown, known: readonly string[]): void {
    if (!known.includes(String(value))) this.notSupported(field, value, known);
  }
  /** Adds an error for an empty name, or for each problem that the rule finds in the name. */
  requireName(field: string, name: string, rule: (name: string) => readonly string[], detail?: string): void {
    if (name === '') this.required(field, detail);
    else this.invalidFor(field, name, rule(name));
  }
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
