import { type Diagnostic, type JsonObject, type JsonValue, isJsonObject, setOwn } from '@typekro/kit/core';
import { type SchemaResult, fromJsonSchema } from './json-schema.ts';
import { arktypeJsonSchema } from './standard-arktype.ts';
import type { Schema } from '@typekro/engine/schema';
import { defaultsItself } from './simple-emit.ts';
import { type FoundChecks, IN_COMPOSITION, patternKeywords, readMember, refused, restrict } from './library-type.ts';
import { valibotJsonSchema } from './standard-valibot.ts';
import { zodJsonSchema } from './standard-zod.ts';

/** The part of a Standard Schema that this module reads. */
interface Standard {
  readonly vendor: string;
  readonly jsonSchema?: { readonly input: (options: JsonObject) => unknown };
}

/**
 * Converts a schema library's type to a structural schema. `type` may be any Standard Schema that can print itself as
 * JSON Schema (arktype, zod and others), a schema of valibot or TypeBox, or plain JSON Schema.
 *
 * The result describes the input that users write: a field with a default is optional and keeps the default. A part
 * that the library cannot print, or that a structural schema cannot express, causes an error that names the field. A
 * check that only the library can run (a refinement) causes a warning.
 */
export function fromStandardSchema(type: unknown): SchemaResult {
  const standard = standardOf(type);
  const found: FoundChecks = [];
  let raw: JsonObject | undefined;
  try {
    raw = standard === undefined ? plainJsonSchema(type, found) : vendorJsonSchema(standard, type, found);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return failure(
      'schema/not-representable',
      `the ${standard?.vendor ?? 'given'} type has no form in JSON Schema: ${reason}`,
    );
  }
  if (raw === undefined) return refuse(standard);
  const isOfLibrary = isOfKnownLibrary(type);
  const result = fromJsonSchema(raw, { checks: found, isOfLibrary });
  if (result.ok && isTooLarge(result.schema)) {
    const message = `the type has more than ${MAX_PARTS} parts: a part that stands in several places counts in each`;
    return failure('schema/too-deep', message, 'use object for the inner part');
  }
  const lost = result.ok && isOfLibrary ? [...lostParts(result.schema)] : [];
  return lost.length === 0 ? result : { ok: false, diagnostics: [...result.diagnostics, ...lost] };
}

/** The maximum number of parts of a type, each counted in all its places. */
const MAX_PARTS = 100_000;

/** Does a schema have too many parts? Parts that contain themselves are reported when the schema is written. */
function isTooLarge(root: Schema): boolean {
  let count = 0;
  const open = new Set<Schema>();
  const visit = (part: Schema): void => {
    count += 1;
    if (count > MAX_PARTS || open.has(part)) return;
    open.add(part);
    const { properties = {}, items, additionalProperties: values, allOf = [], anyOf = [], oneOf = [] } = part;
    for (const inner of [...Object.values(properties), items, values, ...allOf, ...anyOf, ...oneOf])
      if (typeof inner === 'object') visit(inner);
    open.delete(part);
  };
  visit(root);
  return count > MAX_PARTS;
}

/**
 * The parts of a library's type with which the API server deals in another way than the library: absent objects that get
 * the defaults of their fields, and lists and maps that may contain null.
 */
function* lostParts(schema: Schema, path = '', depth = 0): Iterable<Diagnostic> {
  if (depth > MAX_DEPTH) return;
  const problem = (code: string, at: string, message: string, hint: string): Diagnostic => ({
    code,
    severity: 'error',
    message: `field ${at}: ${message}`,
    path: at,
    hint,
  });
  const { properties = {}, items, additionalProperties } = schema;
  for (const [name, field] of Object.entries(properties)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (field.default === undefined && field.type === 'object' && defaultsItself(field)) {
      const message = 'the API server gives the object its defaults when it is absent, and the type does not';
      yield problem(
        'schema/default',
        at,
        message,
        'give the object itself the default {}, or a field that is required',
      );
    }
    yield* lostParts(field, at, depth + 1);
  }
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  for (const [at, element] of [
    [`${path}[]`, items],
    [`${path}.*`, values],
  ] as const) {
    if (element === undefined) continue;
    if (element.nullable === true)
      yield problem('schema/null-element', at, 'the API server refuses or drops null here', 'leave out null');
    yield* lostParts(element, at, depth + 1);
  }
}

/** Is the type of a library whose structure this module reads? */
function isOfKnownLibrary(type: unknown): boolean {
  const isValibot = readMember(type, 'kind') === 'schema' && typeof readMember(type, 'type') === 'string';
  return isValibot || ['_zod', 'internal'].some((name) => readMember(type, name) !== undefined);
}

function failure(code: string, message: string, hint?: string): SchemaResult {
  return { ok: false, diagnostics: [{ code, severity: 'error', message, ...(hint === undefined ? {} : { hint }) }] };
}

function refuse(standard: Standard | undefined): SchemaResult {
  const hint = 'pass an arktype, zod, valibot or TypeBox type, any type with Standard JSON Schema, or a JSON Schema';
  if (standard === undefined) return failure('schema/not-a-schema', 'this is not a schema', hint);
  return failure('schema/no-json-schema', `types of ${standard.vendor} do not print themselves as JSON Schema`, hint);
}

function standardOf(type: unknown): Standard | undefined {
  if ((typeof type !== 'object' && typeof type !== 'function') || type === null) return undefined;
  const standard: unknown = Reflect.get(type, '~standard');
  if (typeof standard !== 'object' || standard === null) return undefined;
  return typeof Reflect.get(standard, 'vendor') === 'string' ? (standard as Standard) : undefined;
}

function vendorJsonSchema(standard: Standard, type: unknown, found: FoundChecks): JsonObject | undefined {
  const input = standard.jsonSchema?.input;
  if (standard.vendor === 'arktype' && isOfKnownLibrary(type)) return arktypeJsonSchema(type, found);
  if (standard.vendor === 'zod' && isOfKnownLibrary(type)) return zodJsonSchema(type, found);
  if (standard.vendor === 'valibot') return valibotJsonSchema(type, found);
  if (typeof input !== 'function') return undefined;
  const printed = input.call(standard.jsonSchema, { target: 'draft-2020-12' });
  return toJson(printed);
}

/**
 * The value as a JSON Schema. The value must be an object with a JSON Schema keyword, an empty object, or a valibot
 * schema without the Standard Schema interface. Members with symbol keys, which libraries add, are dropped.
 */
function plainJsonSchema(type: unknown, found: FoundChecks): JsonObject | undefined {
  if (typeof type !== 'object' || type === null) return undefined;
  if (isOfKnownLibrary(type)) return valibotJsonSchema(type, found);
  const known = ['type', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', 'properties', '$schema', 'not'];
  if (!known.some((name) => Object.hasOwn(type, name))) return Object.keys(type).length === 0 ? {} : undefined;
  return toJson(type);
}

/**
 * The depth at which a value is truncated. The limit of the conversion is far lower, and deeper schemas are refused.
 */
const MAX_DEPTH = 1000;

/**
 * The JSON part of a schema, i.e. its own enumerable members with string names. Shared objects stay shared. Patterns are
 * converted to RE2. A part with a transform or check of TypeBox is marked as refused.
 */
function toJson(value: unknown): JsonObject | undefined {
  const seen = new Map<object, JsonValue>();
  const copy = (inner: unknown, depth: number, isData = false): JsonValue | undefined => {
    if (inner === null || typeof inner === 'string' || typeof inner === 'boolean') return inner;
    if (typeof inner === 'number' || typeof inner === 'bigint') return inner;
    if (typeof inner !== 'object' || depth > MAX_DEPTH) return undefined;
    const known = seen.get(inner);
    if (known !== undefined) return known;
    if (Array.isArray(inner)) {
      const list: JsonValue[] = [];
      seen.set(inner, list);
      for (const entry of inner) list.push(copy(entry, depth + 1, isData) ?? null);
      return list;
    }
    const object: JsonObject = {};
    seen.set(inner, object);
    for (const [name, member] of Object.entries(inner)) {
      const copied = copy(member, depth + 1, isData || DATA.has(name));
      if (copied !== undefined) setOwn(object, name, copied);
    }
    if (isData) return object;
    if (isOfTypeBox(inner)) Object.assign(object, refused('the type has a function of TypeBox', IN_COMPOSITION));
    return withPattern(object);
  };
  const result = copy(value, 0);
  return isJsonObject(result) ? result : undefined;
}

/** Keywords whose values are data and not schemas. */
const DATA: ReadonlySet<string> = new Set(['default', 'const', 'enum', 'example', 'examples']);

/** Does TypeBox run a function for the part: a transform, a codec or a check? */
function isOfTypeBox(part: object): boolean {
  const isTransform = (key: symbol) => key.description === 'TypeBox.Transform';
  return (
    Object.getOwnPropertySymbols(part).some(isTransform) ||
    ['~codec', '~refine'].some((key) => Object.hasOwn(part, key))
  );
}

/** Syntax that only RE2 has. A pattern with such syntax is not a pattern of JavaScript. */
const RE2_ONLY = /\\[AzQECpP]|\[\[:/;

/** A part whose pattern is converted from JavaScript's syntax to RE2's. The object changes in place. */
function withPattern(part: JsonObject): JsonObject {
  const { pattern } = part;
  if (typeof pattern !== 'string' || RE2_ONLY.test(pattern)) return part;
  let source: RegExp;
  try {
    source = new RegExp(pattern);
  } catch {
    // The pattern has syntax of RE2, or is invalid, which is reported when the schema is written.
    return part;
  }
  delete part['pattern'];
  return Object.assign(part, restrict(part, patternKeywords(source)));
}
