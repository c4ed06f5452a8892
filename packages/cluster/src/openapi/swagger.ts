import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';

const V3 = '#/components/schemas/';
const V2 = '#/definitions/';

/** Keywords that OpenAPI v2 does not have. The conversion omits them. */
const UNKNOWN = new Set(['anyOf', 'oneOf', 'not', 'nullable']);

/** Keywords whose value is data, so that its members are not keywords. */
const DATA = new Set(['default', 'enum', 'example', 'x-kubernetes-validations', 'x-kubernetes-group-version-kind']);

const MAX_DEPTH = 200;

/** Converts an OpenAPI v3 schema to v2. */
export function toSwaggerSchema(schema: JsonValue, depth = 0): JsonValue {
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return schema;
  const out: JsonObject = {};
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const root = schema['x-kubernetes-group-version-kind'];
  // Clients refuse fields that the root does not declare, so a root that may have unknown fields declares no fields.
  if (isOpen && root !== undefined) return { type: 'object', 'x-kubernetes-group-version-kind': root };
  // Clients of v2 cannot handle the member schemas of a value that may be null or may have unknown fields.
  const isVague = isOpen || schema['nullable'] === true;
  const dropsType =
    schema['nullable'] === true ||
    (isOpen && schema['type'] === 'object') ||
    (schema['type'] === 'array' && (isOpen || schema['items'] === undefined));
  // A value that may be a number or a string gets the type `string`.
  const { oneOf } = schema;
  const mayBeText = Array.isArray(oneOf) && oneOf.some((entry) => isJsonObject(entry) && entry['type'] === 'string');
  if (schema['type'] === undefined && mayBeText) out['type'] = 'string';
  for (const [name, value] of Object.entries(schema)) {
    if (value === undefined || UNKNOWN.has(name)) continue;
    if (isVague && (name === 'properties' || name === 'items')) continue;
    if (dropsType && name === 'type') continue;
    // If a reference has siblings, v3 wraps it in `allOf`, and v2 writes it next to the siblings.
    const [part, ...others] = name === 'allOf' && Array.isArray(value) ? value : [];
    if (others.length === 0 && isJsonObject(part) && typeof part['$ref'] === 'string') {
      out['$ref'] = part['$ref'].replace(V3, V2);
    } else if (name === '$ref' && typeof value === 'string') out['$ref'] = value.replace(V3, V2);
    else if (name === 'properties' && isJsonObject(value)) {
      const members = Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
      out[name] = Object.fromEntries(members.map(([member, entry]) => [member, toSwaggerSchema(entry, depth + 1)]));
    } else if (DATA.has(name)) out[name] = value;
    else if (Array.isArray(value)) out[name] = value.map((entry) => toSwaggerSchema(entry, depth + 1));
    else out[name] = toSwaggerSchema(value, depth + 1);
  }
  return out;
}

/** Converts OpenAPI v3 paths to v2. The schemas of parameters are inlined, and content types become lists. */
export function toSwaggerPaths(paths: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [path, item] of Object.entries(paths)) {
    if (!isJsonObject(item)) continue;
    const operations = Object.entries(item).map(([method, operation]): [string, JsonValue] => [
      method,
      isJsonObject(operation) ? toSwaggerOperation(operation) : {},
    ]);
    out[path] = Object.fromEntries(operations);
  }
  return out;
}

function toSwaggerOperation(operation: JsonObject): JsonObject {
  const { parameters, requestBody, responses, ...rest } = operation;
  const flat = (Array.isArray(parameters) ? parameters : [])
    .filter(isJsonObject)
    .map(({ schema, ...parameter }) => ({ ...parameter, ...(isJsonObject(schema) ? schema : {}) }));
  const content = isJsonObject(requestBody) && isJsonObject(requestBody['content']) ? requestBody['content'] : {};
  const [body] = Object.values(content);
  const schemaOf = (entry: JsonValue | undefined) =>
    isJsonObject(entry) && entry['schema'] !== undefined ? { schema: toSwaggerSchema(entry['schema']) } : {};
  const answers = Object.entries(isJsonObject(responses) ? responses : {}).map(
    ([code, response]): [string, JsonValue] => {
      const answer = isJsonObject(response) ? response : {};
      const [shown] = isJsonObject(answer['content']) ? Object.values(answer['content']) : [];
      return [code, { description: answer['description'] ?? '', ...schemaOf(shown) }];
    },
  );
  return {
    ...rest,
    consumes: Object.keys(content),
    produces: ['application/json', 'application/yaml'],
    parameters: [{ name: 'body', in: 'body', required: true, ...schemaOf(body) }, ...flat],
    responses: Object.fromEntries(answers),
  };
}
