import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';

/** Keywords of OpenAPI and Kubernetes that JSON Schema does not have, or has in another form. */
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
 * The schema of a CustomResourceDefinition as JSON Schema (2020-12): `nullable` becomes a type, `int-or-string` two of
 * them, exclusive bounds numbers. An object takes no fields but its own, as strict clients have it; an API server drops
 * others silently.
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  return convert(schema, true);
}

/** `closed`: objects take no other fields. Alternatives add conditions; they declare no fields. */
function convert(schema: JsonObject, closed: boolean): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (OTHER_FORM.has(key) || value === undefined) continue;
    result[key] = keywordValue(key, value, closed);
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
