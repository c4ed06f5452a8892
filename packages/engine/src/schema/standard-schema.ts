import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject, setOwn } from '@typekro/kit/core';
import { fromJsonSchema } from './json-schema.ts';
import type { SchemaResult } from './json-schema.ts';
import { arktypeJsonSchema } from './standard-arktype.ts';
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
  let raw: JsonObject | undefined;
  try {
    raw = standard === undefined ? plainJsonSchema(type) : vendorJsonSchema(standard, type);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return failure(
      'schema/not-representable',
      `the ${standard?.vendor ?? 'given'} type has no form in JSON Schema: ${reason}`,
    );
  }
  return raw === undefined ? refuse(standard) : fromJsonSchema(raw);
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

function vendorJsonSchema(standard: Standard, type: unknown): JsonObject | undefined {
  const print = (libraryOptions: Record<string, unknown>): JsonObject | undefined => {
    const input = standard.jsonSchema?.input;
    if (typeof input !== 'function') return undefined;
    const options = { target: 'draft-2020-12', libraryOptions } as unknown as JsonObject;
    return toJson(input.call(standard.jsonSchema, options));
  };
  if (standard.vendor === 'arktype') return arktypeJsonSchema(type, print);
  if (standard.vendor === 'zod') return zodJsonSchema(print);
  if (standard.jsonSchema === undefined && standard.vendor === 'valibot') return valibotJsonSchema(type);
  return print({});
}

/**
 * The value as a JSON Schema. The value must be an object with a JSON Schema keyword, an empty object, or a valibot
 * schema without the Standard Schema interface. Members with symbol keys, which libraries add, are dropped.
 */
function plainJsonSchema(type: unknown): JsonObject | undefined {
  if (typeof type !== 'object' || type === null) return undefined;
  if (Reflect.get(type, 'kind') === 'schema' && typeof Reflect.get(type, 'type') === 'string')
    return valibotJsonSchema(type);
  const known = ['type', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', 'properties', '$schema', 'not'];
  if (!known.some((name) => Object.hasOwn(type, name))) return Object.keys(type).length === 0 ? {} : undefined;
  return toJson(type);
}

/**
 * The depth at which a value is truncated. The limit of the conversion is far lower, and deeper schemas are refused.
 */
const MAX_DEPTH = 1000;

/** The JSON part of a value, i.e. its own enumerable members with string names. Shared objects stay shared. */
function toJson(value: unknown): JsonObject | undefined {
  const seen = new Map<object, JsonValue>();
  const copy = (inner: unknown, depth: number): JsonValue | undefined => {
    if (inner === null || typeof inner === 'string' || typeof inner === 'boolean') return inner;
    if (typeof inner === 'number' || typeof inner === 'bigint') return inner;
    if (typeof inner !== 'object' || depth > MAX_DEPTH) return undefined;
    const known = seen.get(inner);
    if (known !== undefined) return known;
    if (Array.isArray(inner)) {
      const list: JsonValue[] = [];
      seen.set(inner, list);
      for (const entry of inner) list.push(copy(entry, depth + 1) ?? null);
      return list;
    }
    const object: JsonObject = {};
    seen.set(inner, object);
    for (const [name, member] of Object.entries(inner)) {
      const copied = copy(member, depth + 1);
      if (copied !== undefined) setOwn(object, name, copied);
    }
    return object;
  };
  const result = copy(value, 0);
  return isJsonObject(result) ? result : undefined;
}
