import { isJsonObject, setOwn, type JsonObject, type JsonValue } from '@typekro/kit/core';
import { StructuralSchema, type Schema } from '@typekro/engine/schema';
import { builtinType } from '../types/builtin.ts';
import { DecodeError, decodeObject } from '../types/decode.ts';
import type { ObjectNode } from '../types/type-node.ts';
import { withSentDefaults } from './custom-defaults.ts';
import { goJson, goJsonKind } from '@typekro/kit/golang';
import { fieldErrors } from '@typekro/kit/kubernetes';

/**
 * Decodes an object as a custom resource. Removes unknown members, decodes the metadata as ObjectMeta (except
 * `managedFields`, which is kept unchanged), and then applies the schema's defaults. Throws `ApiError`.
 */
export function decodeCustom(schema: Schema, object: JsonObject): { value: JsonObject; unknown: readonly string[] } {
  const pruned = StructuralSchema.prune(schema, object);
  checkEmbedded(schema, pruned.value);
  const value = isJsonObject(pruned.value) ? pruned.value : {};
  const metadata = value['metadata'] ?? {};
  const decoded = isJsonObject(metadata)
    ? decodeObject(builtinType('meta.v1.ObjectMeta'), metadata).value
    : (decodeObject(METADATA_MEMBER, { metadata }).value['metadata'] as JsonObject);
  const managedFields =
    isJsonObject(metadata) && Array.isArray(metadata['managedFields']) ? metadata['managedFields'] : undefined;
  const complete = withSentDefaults(schema, {
    ...value,
    metadata: managedFields === undefined ? decoded : { ...decoded, managedFields },
  }) as JsonObject;
  return { value: copyTop(complete), unknown: pruned.unknown };
}

/**
 * A shallow copy with `kind`, `apiVersion` and `metadata` first. The caller may change the copy, but not its members,
 * because the decoded body shares them.
 */
function copyTop(value: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const key of ['kind', 'apiVersion', 'metadata']) if (value[key] !== undefined) out[key] = value[key];
  for (const key of Object.keys(value)) if (!Object.hasOwn(out, key)) setOwn(out, key, value[key]);
  return out;
}

/**
 * An object type whose only field is `metadata`. Decoding with this type throws the API server's error when `metadata`
 * is not an object.
 */
const METADATA_MEMBER: ObjectNode = {
  kind: 'object',
  name: 'ObjectMeta',
  get fields() {
    return new Map([['metadata', { name: 'metadata', node: builtinType('meta.v1.ObjectMeta'), keep: true }]]);
  },
};

const META: ObjectNode = {
  kind: 'object',
  name: 'ObjectMeta',
  get fields() {
    return builtinType('meta.v1.ObjectMeta').fields;
  },
};

const { invalid } = fieldErrors((value) => goJson(value as JsonValue));

/**
 * Checks that `apiVersion` and `kind` of embedded resources are strings, and that the fields of their metadata have the
 * types of ObjectMeta.
 *
 * @throws DecodeError
 */
export function checkEmbedded(schema: Schema, object: JsonValue): void {
  for (const { value, path } of StructuralSchema.embedded(schema, object)) {
    // The root is skipped, because the decoder of the object checks it.
    if (path.length === 0) continue;
    for (const name of Object.keys(value)) {
      const problem = problemOf(name, value[name]);
      if (problem === undefined) continue;
      const { field, message } = invalid(StructuralSchema.fieldPath([...path, name]), value[name], problem);
      throw new DecodeError(`${field}: ${message}`);
    }
  }
}

function problemOf(name: string, value: JsonObject[string]): string | undefined {
  if (name === 'metadata') return metadataProblem(value);
  const isName = name === 'apiVersion' || name === 'kind';
  return isName && typeof value !== 'string' ? 'must be a string' : undefined;
}

function metadataProblem(metadata: JsonObject[string]): string | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (!isJsonObject(metadata))
    return `json: cannot unmarshal ${goJsonKind(metadata)} into Go value of type v1.ObjectMeta`;
  try {
    decodeObject(META, metadata);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    return thrown.message;
  }
}
