import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { goJson, goJsonKind } from '@typekro/kit/golang';
import { fieldErrors } from '@typekro/kit/kubernetes';
import type { Schema } from '@typekro/engine/schema';
import { StructuralSchema } from '@typekro/engine/schema';
import { builtinType } from '../types/builtin.ts';
import { DecodeError, decodeObject } from '../types/decode.ts';
import type { ObjectNode } from '../types/type-node.ts';

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
