import { type JsonObject, type JsonValue, jsonEquals } from '@typekro/kit/core';
import {
  type FieldError,
  countAt,
  fieldErrors,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
} from '@typekro/kit/kubernetes';
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

const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/** Returns the problems of a text, such as those of a name. */
type TextRule = (text: string) => readonly string[];

/**
 * A field of an object that is checked: its value, its path in messages, and the list of the errors. A reader of members
 * (`text`, `count`, `objects`, …) gives a member that is absent the value of `textAt`, `countAt`, `objectsAt`, ….
 */
export class Field<Value = JsonObject> {
  readonly value: Value;
  readonly path: string;
  readonly problems: Problems;

  constructor(value: Value, path: string, problems: Problems) {
    this.value = value;
    this.path = path;
    this.problems = problems;
  }

  /** The same value, with another path in messages. */
  at(path: string): Field<Value> {
    return new Field(this.value, path, this.problems);
  }

  #member<Member>(key: string, value: Member): Field<Member> {
    return new Field(value, this.path === '' ? key : `${this.path}.${key}`, this.problems);
  }

  #entries<Entry>(key: string, entries: readonly Entry[]): Field<Entry>[] {
    const { path } = this.#member(key, entries);
    return entries.map((entry, index) => new Field(entry, `${path}[${index}]`, this.problems));
  }

  member(this: Field, key: string): Field<JsonValue | undefined> {
    return this.#member(key, this.value[key]);
  }
  text(this: Field, key: string): Field<string> {
    return this.#member(key, textAt(this.value, key));
  }
  number(this: Field, key: string): Field<number | undefined> {
    return this.#member(key, numberAt(this.value, key));
  }
  count(this: Field, key: string): Field<number> {
    return this.#member(key, countAt(this.value, key));
  }
  object(this: Field, key: string): Field {
    return this.#member(key, objectAt(this.value, key));
  }
  optional(this: Field, key: string): Field | undefined {
    const value = optionalAt(this.value, key);
    return value && this.#member(key, value);
  }
  list(this: Field, key: string): Field<readonly JsonValue[]> {
    return this.#member(key, listAt(this.value, key));
  }
  /** The entries of a list. */
  entries(this: Field, key: string): Field<JsonValue>[] {
    return this.#entries(key, listAt(this.value, key));
  }
  /** The entries of a list, as texts. */
  texts(this: Field, key: string): Field<string>[] {
    return this.#entries(key, listAt(this.value, key).map(String));
  }
  objects(this: Field, key: string): Field[] {
    return this.#entries(key, objectsAt(this.value, key));
  }

  /** The names and the amounts in a map. The path of both is that of the map, with the name in brackets. */
  amounts(this: Field, key: string): { readonly name: Field<string>; readonly amount: Field<JsonValue> }[] {
    const { value, path } = this.object(key);
    return Object.entries(value).map(([name, amount = null]) => {
      const at = `${path}[${name}]`;
      return { name: new Field(name, at, this.problems), amount: new Field(amount, at, this.problems) };
    });
  }

  invalid(detail: string, shown: unknown = this.value): void {
    this.problems.invalid(this.path, shown, detail);
  }
  required(detail?: string): void {
    this.problems.required(this.path, detail);
  }
  forbidden(detail: string): void {
    this.problems.forbidden(this.path, detail);
  }
  duplicate(): void {
    this.problems.duplicate(this.path, this.value);
  }
  notFound(): void {
    this.problems.push(fieldNotFound(this.path, this.value));
  }
  notSupported(known: readonly string[]): void {
    this.problems.notSupported(this.path, this.value, known);
  }
  tooLong(maxBytes: number): void {
    this.problems.tooLong(this.path, maxBytes);
  }

  /** Adds an error that may be absent. */
  problem(detail: string | undefined): void {
    if (detail !== undefined) this.invalid(detail);
  }
  /** Adds an error if the value differs from the stored one. */
  immutable(before: JsonValue | undefined): void {
    if (!jsonEquals(this.value as JsonValue | undefined, before)) this.invalid('field is immutable');
  }
  /** Adds an error if the list is too long. Returns whether it is. */
  hasTooMany(this: Field<readonly unknown[]>, max: number): boolean {
    const { length } = this.value;
    if (length > max) this.problems.push(fieldTooMany(this.path, length, max));
    return length > max;
  }
  /** Adds an error if a list or text is empty. */
  notEmpty(this: Field<string | readonly unknown[]>, detail?: string): void {
    if (this.value.length === 0) this.required(detail);
  }
  /** Adds an error for each problem that the rule finds. */
  matches(this: Field<string>, rule: TextRule): void {
    this.problems.invalidFor(this.path, this.value, rule(this.value));
  }
  matchesIfSet(this: Field<string>, rule: TextRule): void {
    if (this.value !== '') this.matches(rule);
  }
  /** Adds an error for an empty name, or for each problem that the rule finds in the name. */
  name(this: Field<string>, rule: TextRule, detail?: string): void {
    if (this.value === '') this.required(detail);
    else this.matches(rule);
  }
  oneOf(this: Field<string>, known: readonly string[]): void {
    if (!known.includes(this.value)) this.notSupported(known);
  }
  oneOfIfSet(this: Field<string>, known: readonly string[]): void {
    if (this.value !== '') this.oneOf(known);
  }
  requiredOneOf(this: Field<string>, known: readonly string[]): void {
    if (this.value === '') this.required();
    else this.oneOf(known);
  }
  /** Adds an error for a number outside the bounds. */
  between(this: Field<number | undefined>, min: number, max: number, detail: string): void {
    if (this.value !== undefined && (this.value < min || this.value > max)) this.invalid(detail);
  }
  atLeast(this: Field<number | undefined>, min: number, detail: string): void {
    this.between(min, Number.POSITIVE_INFINITY, detail);
  }
  atMost(this: Field<number | undefined>, max: number, detail: string): void {
    this.between(Number.NEGATIVE_INFINITY, max, detail);
  }
  notNegative(this: Field<number | undefined>): void {
    this.atLeast(0, 'must be greater than or equal to 0');
  }
  /** Checks a number or a percentage. With `isAtMost100Percent`, a percentage must not exceed 100. */
  intOrPercent(isAtMost100Percent = false): void {
    const { value } = this;
    const isPercent = typeof value === 'string' && /^\d+%$/.test(value);
    if (isAtMost100Percent && isPercent && Number.parseInt(value, 10) > 100)
      this.invalid('must not be greater than 100%');
    if (typeof value === 'string' && !isPercent) this.invalid(PERCENT);
    if (typeof value === 'number' && value < 0) this.invalid('must be greater than or equal to 0');
  }
  /** Checks the number of a port. */
  port(): void {
    const { value } = this;
    if (typeof value !== 'number' || value < 1 || value > 65_535)
      this.invalid('must be between 1 and 65535, inclusive', value ?? 0);
  }
}

/** The fields whose values equal that of an earlier field of the list, by path. */
export function repeatedFields<Value>(fields: readonly Field<Value>[]): ReadonlyMap<string, Field<Value>> {
  const repeated = repeatedIndexes(fields.map(({ value }) => value));
  return new Map(fields.filter((_field, index) => repeated.has(index)).map((field) => [field.path, field]));
}

/** The errors of a write. Each method adds an error for a field; the arguments are those of the constructors. */
export class Problems extends Array<FieldError> {
  /** An object that is checked, at its path. */
  field(path: string, value: JsonObject = {}): Field {
    return new Field(value, path, this);
  }
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
  tooLong(...args: Parameters<typeof fieldTooLong>): void {
    this.push(fieldTooLong(...args));
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
