import type { JsonObject } from '@typekro/kit/core';
import { isJsonObject, setOwn } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { StructuralSchema } from '@typekro/engine/schema';
import { builtinType } from '../types/builtin.ts';
import { decodeObject } from '../types/decode.ts';
import type { ObjectNode } from '../types/type-node.ts';
import { withSentDefaults } from './custom-defaults.ts';
import { checkEmbedded } from './embedded.ts';

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
