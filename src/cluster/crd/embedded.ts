import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { Schema } from '../../schema/index.ts';
import { toJsonText } from '../codec/json.ts';
import { builtinType } from '../types/builtin.ts';
import { DecodeError, decodeObject } from '../types/decode.ts';
import type { ObjectNode } from '../types/node.ts';

const known = new WeakMap<Schema, boolean>();
const MAX_DEPTH = 150;

/** Does any part of the schema declare embedded resources? */
function hasEmbedded(schema: Schema, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  let found = known.get(schema);
  if (found === undefined) {
    const children = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
    found =
      schema['x-kubernetes-embedded-resource'] === true ||
      children.some((child) => typeof child === 'object' && hasEmbedded(child, depth + 1));
    known.set(schema, found);
  }
  return found;
}

const META: ObjectNode = {
  kind: 'object',
  name: 'ObjectMeta',
  get fields() {
    return builtinType('meta.v1.ObjectMeta').fields;
  },
};

/** Checks that the metadata of embedded resources has the types of ObjectMeta. Throws DecodeError. */
export function checkEmbedded(schema: Schema, value: JsonValue, path = '', root = true): void {
  if (!hasEmbedded(schema)) return;
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries())
      if (schema.items !== undefined) checkEmbedded(schema.items, entry, `${path}[${index}]`, false);
    return;
  }
  if (!isJsonObject(value)) return;
  if (!root && schema['x-kubernetes-embedded-resource'] === true) checkMetadata(value, path);
  for (const [key, entry] of Object.entries(value)) {
    const declared =
      schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    const child =
      declared ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
    if (child !== undefined && entry !== undefined)
      checkEmbedded(child, entry, path === '' ? key : `${path}.${key}`, false);
  }
}

function checkMetadata(value: JsonObject, path: string) {
  const { metadata } = value;
  if (!isJsonObject(metadata)) return;
  try {
    decodeObject(META, metadata);
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    throw new DecodeError(`${path}.metadata: Invalid value: ${toJsonText(sorted(metadata))}: ${thrown.message}`);
  }
}

const sorted = (value: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, value[key]]),
  );
