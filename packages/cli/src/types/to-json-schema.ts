import { type JsonObject, type JsonValue, isJsonObject, setOwn } from '@typekro/kit/core';

/** Keywords of OpenAPI and Kubernetes that JSON Schema lacks or expresses differently. */
const OTHER_FORM: ReadonlySet<string> = new Set([
  'nullable',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
]);

const ALTERNATIVES: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf']);

/**
 * Converts the schema of a CustomResourceDefinition to JSON Schema (2020-12). `nullable` adds the type `null`,
 * `int-or-string` becomes two types, and exclusive bounds become numbers. Objects refuse unknown fields, like an API
 * server with `fieldValidation: Strict`. Without this setting, a server drops unknown fields.
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  return convert(schema, true);
}

/**
 * With `closed`, objects refuse unknown fields. Alternatives (`anyOf` and the like) are never closed, because they only
 * add conditions to fields that are declared outside of them.
 */
function convert(schema: JsonObject, closed: boolean): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (OTHER_FORM.has(key) || value === undefined) continue;
    setOwn(result, key, keywordValue(key, value, closed));
  }
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (schema[exclusive] !== true || result[bound] === undefined) continue;
    result[exclusive] = result[bound];
    delete result[bound];
  }
  if (schema['x-kubernetes-int-or-string'] === true) {
    delete result['anyOf'];
    result['type'] = ['integer', 'string'];
  }
  if (schema['nullable'] === true) {
    const { type } = result;
    if (typeof type === 'string') result['type'] = [type, 'null'];
    else if (Array.isArray(type)) result['type'] = [...type, 'null'];
    if (Array.isArray(result['enum'])) result['enum'] = [...result['enum'], null];
  }
  const isOpen =
    schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-embedded-resource'] === true;
  if (closed && isJsonObject(schema['properties']) && !isOpen && result['additionalProperties'] === undefined) {
    result['additionalProperties'] = false;
  }
  return result;
}

function keywordValue(key: string, value: JsonValue, closed: boolean): JsonValue {
  const inner = (each: JsonValue | undefined, isClosed: boolean): JsonValue =>
    isJsonObject(each) ? convert(each, isClosed) : (each ?? true);
  if (key === 'items' || key === 'additionalProperties') return inner(value, closed);
  if (key === 'not') return inner(value, false);
  if (ALTERNATIVES.has(key) && Array.isArray(value)) return value.map((each) => inner(each, false));
  if (key !== 'properties' || !isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inner(member, closed)]));
}
