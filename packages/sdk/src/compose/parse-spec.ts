import { type JsonObject, type JsonValue, getOwn, isJsonObject } from '@typekro/kit/core';
import { type Schema, StructuralSchema, schemaNodeAt, valueAtSteps } from '@typekro/engine/schema';
import { schemaChecks } from '../notations/json-schema-nodes.ts';
import { type LibraryResult, libraryParser } from '../notations/library-type.ts';
import type { SchemaInput } from './public-types.ts';
import { classOf, isPlainObject } from './value/printed.ts';

/** A field that a library refuses, with the library's message. */
interface RefusedField {
  readonly field: string;
  readonly message: string;
}

/** The value that a library makes of a spec, or the fields that it refuses. */
type ParsedSpec =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fields: readonly RefusedField[] };

/**
 * Parses a spec with the library of its schema: the library checks the spec, applies its transforms, and drops
 * undeclared members. In the API, null and a missing member are the same. Therefore a missing member for which the
 * library requires null or `undefined` is accepted, unless the library makes another value of them. The spec stays unchanged for a schema without a library.
 */
export function parseSpec(input: SchemaInput, spec: unknown, plain: JsonObject, schema: Schema): ParsedSpec {
  const parse = libraryParser(input);
  if (parse === undefined) {
    const undeclared = undeclaredMember(schema, plain);
    return undeclared === undefined ? { ok: true, value: spec } : { ok: false, fields: [undeclared] };
  }
  // Libraries read integers as numbers. A spec with a `bigint` keeps its value, so the library only checks it.
  const numbers = withNumbers(plain);
  if (numbers !== plain) {
    const checked = parse(numbers);
    if (checked?.issues === undefined) return { ok: true, value: spec };
    return { ok: false, fields: fieldsOf(checked) };
  }
  const first = parse(spec);
  // Without a result, the compiled schema decides alone.
  if (first === undefined) return { ok: true, value: spec };
  if (first.issues === undefined) return { ok: true, value: first.value };
  const filled = structuredClone(plain);
  const absent = first.issues.filter(({ path = [] }) => fillAbsent(filled, path.map(keyOf), schema));
  const second = absent.length === 0 ? first : parse(filled);
  if (second !== undefined && second.issues === undefined) {
    const isAbsent = absent.every(
      ({ path = [] }) => (valueAtSteps(second.value as JsonValue, path.map(keyOf)) ?? null) === null,
    );
    return isAbsent ? { ok: true, value: second.value } : { ok: false, fields: fieldsOf(first) };
  }
  const { units, restored } = inSingleUnits(filled);
  const third = units === filled ? second : parse(units);
  if (third !== undefined && third.issues === undefined) return { ok: true, value: restored(third.value) };
  const refused = second?.issues ?? [];
  if (refused.length === 0 || !refused.every(({ path = [] }) => acceptsText(schema, filled, path.map(keyOf))))
    return { ok: false, fields: fieldsOf(first) };
  const { applyDefaults, prune } = StructuralSchema;
  return { ok: true, value: applyDefaults(schema, prune(schema, filled).value) };
}

/**
 * Does the compiled schema accept a string with characters beyond U+FFFF? It has the constraints of the library, but
 * counts characters. A library that checks both the length and a pattern may refuse the string in each of its forms.
 */
function acceptsText(schema: Schema, spec: JsonObject, steps: readonly (string | number)[]): boolean {
  const [node, text] = [schemaNodeAt(schema, steps), valueAtSteps(spec, steps)];
  if (node === undefined || typeof text !== 'string' || !/[\u{10000}-\u{10FFFF}]/u.test(text)) return false;
  const hasRules = node['x-kubernetes-validations'] !== undefined || schemaChecks(node).length > 0;
  return !hasRules && StructuralSchema.validate(node, text).length === 0;
}

/**
 * A spec in which each character beyond U+FFFF is replaced by one of private use, and the way back. The API counts
 * characters, and the libraries count UTF-16 units, of which these characters have two. The spec itself if it has no such
 * characters, or characters of private use.
 */
function inSingleUnits(spec: JsonObject): { units: JsonObject; restored: (value: unknown) => unknown } {
  const text = JSON.stringify(spec);
  const pairs = [...new Set(text.match(/[\u{10000}-\u{10FFFF}]/gu))];
  if (pairs.length === 0 || pairs.length > 6400 || /[\uE000-\uF8FF]/.test(text))
    return { units: spec, restored: (value) => value };
  const numbers = new Map(pairs.map((pair, index) => [pair, String.fromCharCode(0xe000 + index)]));
  const units = text.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, (pair) => numbers.get(pair) ?? pair);
  return {
    units: JSON.parse(units) as JsonObject,
    restored: (value) =>
      JSON.parse(
        JSON.stringify(value).replaceAll(/[\uE000-\uF8FF]/g, (unit) => pairs[unit.charCodeAt(0) - 0xe000] ?? unit),
      ),
  };
}

const fieldsOf = ({ issues = [] }: LibraryResult): RefusedField[] =>
  issues.map(({ message, path = [] }) => ({ field: fieldOf(path.map(keyOf)), message }));

/** A value with numbers in place of each `bigint`; the value itself if it has none. */
function withNumbers(value: JsonObject): JsonObject {
  let changed = false;
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== 'bigint') return member;
    changed = true;
    return Number(member);
  });
  return changed ? (JSON.parse(text) as JsonObject) : value;
}

/** A step of a path of Standard Schema: a key, or an object with the key. */
const keyOf = (step: unknown): string | number => {
  const key: unknown = typeof step === 'object' && step !== null ? Reflect.get(step, 'key') : step;
  return typeof key === 'number' ? key : String(key);
};

const fieldOf = (steps: readonly (string | number)[]): string =>
  steps.map((step, position) => (typeof step === 'number' ? `[${step}]` : position === 0 ? step : `.${step}`)).join('');

/** Sets a missing member to null if its schema allows null, and to `undefined` if it does not. */
function fillAbsent(root: JsonObject, steps: readonly (string | number)[], schema: Schema): boolean {
  const name = steps.at(-1);
  const parent = valueAtSteps(root, steps.slice(0, -1));
  if (typeof name !== 'string' || !isJsonObject(parent) || Object.hasOwn(parent, name)) return false;
  const isNullable = schemaNodeAt(schema, steps)?.nullable === true;
  Object.defineProperty(parent, name, { value: isNullable ? null : undefined, enumerable: true, writable: true });
  return true;
}

/** The first member that a closed object of a JSON Schema does not declare. */
function undeclaredMember(schema: Schema, value: JsonValue, field = ''): RefusedField | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { additionalProperties: others, items, anyOf, oneOf } = schema;
  const parts = [schema, ...(anyOf ?? oneOf ?? [])];
  const isClosed =
    others === false || (parts.length > 1 && parts.slice(1).every((part) => part.additionalProperties === false));
  for (const [name, member] of Object.entries(value)) {
    const at = memberPath(field, name, value);
    const declared = parts.map(({ properties = {} }) => getOwn(properties, name)).find((each) => each !== undefined);
    const part = Array.isArray(value) ? items : (declared ?? (typeof others === 'object' ? others : undefined));
    if (part === undefined && isClosed && !Array.isArray(value))
      return { field: at, message: 'the schema has no such field, and allows no others' };
    const found = part === undefined || member === undefined ? undefined : undeclaredMember(part, member, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

const memberPath = (field: string, name: string, parent: object): string =>
  Array.isArray(parent) ? `${field}[${name}]` : field === '' ? name : `${field}.${name}`;

/**
 * The first object of a spec that is neither an object literal nor a list, with its path. JSON would drop the contents of
 * a `Map`, and change a `Date`. Members that the library drops are not examined.
 */
export function strangeObject(spec: unknown, kept: unknown, field = ''): RefusedField | undefined {
  if (typeof spec !== 'object' || spec === null) return undefined;
  if (!Array.isArray(spec) && !isPlainObject(spec))
    return { field, message: `Invalid value: an object of the class ${classOf(spec)}: write plain data` };
  if (typeof kept !== 'object' || kept === null) return undefined;
  for (const [name, member] of Object.entries(spec)) {
    if (!Object.hasOwn(kept, name)) continue;
    const found = strangeObject(member, Reflect.get(kept, name), memberPath(field, name, spec));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Half of a surrogate pair without the other half, which UTF-8 cannot represent. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const HALF_PAIR = 'UTF-8 cannot represent half of a surrogate pair';

/** The first number, string or name that JSON in UTF-8 cannot represent, with its path; undefined if there is none. */
export function valueOutsideJson(value: unknown, field = ''): RefusedField | undefined {
  if (typeof value === 'number' && !Number.isFinite(value))
    return { field, message: `Invalid value: ${value}: JSON cannot represent this number` };
  if (typeof value === 'string' && LONE_SURROGATE.test(value))
    return { field, message: `Invalid value: ${JSON.stringify(value)}: ${HALF_PAIR}` };
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value) as [string, JsonValue][]) {
    if (LONE_SURROGATE.test(name)) return { field, message: `Invalid value: ${JSON.stringify(name)}: ${HALF_PAIR}` };
    const found = valueOutsideJson(member, memberPath(field, name, value));
    if (found !== undefined) return found;
  }
  return undefined;
}
