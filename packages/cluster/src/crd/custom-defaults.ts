/** The defaults of custom resources, with limits: a small object can have defaults that are larger than the memory. */
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { textAt } from '@typekro/kit/kubernetes';
import { type Schema, StructuralSchema } from '@typekro/engine/schema';
import { internalError, STORED_TOO_LARGE } from '../errors/api-error.ts';
import { withoutSharing } from '../types/share-unchanged.ts';

/** The maximum length of the defaults in the object of a request. With longer ones, the object cannot be stored. */
const MAX_SENT_LENGTH = 1.5 * 1024 * 1024;

/** The maximum length of the defaults that a stored object gets when it is read. */
const MAX_READ_LENGTH = 16 * 1024 * 1024;

/** Adds the defaults to the object of a request. Throws etcd's error when the result would be too large to be stored. */
export const withSentDefaults = (schema: Schema, object: JsonObject): JsonValue =>
  within(schema, object, MAX_SENT_LENGTH, () => STORED_TOO_LARGE);

/**
 * Adds the defaults to a stored object. They can be longer than those of a request if the definition has changed. Throws
 * 500 when they are longer than `MAX_READ_LENGTH`.
 */
export function withReadDefaults(schema: Schema, object: JsonValue): JsonValue {
  const usual = tryWithin(schema, object, MAX_SENT_LENGTH);
  if (usual !== undefined) return usual;
  const large = within(schema, object, MAX_READ_LENGTH, () => {
    const metadata = isJsonObject(object) && isJsonObject(object['metadata']) ? object['metadata'] : {};
    const name = goQuote(textAt(metadata, 'name'));
    return `the defaults of ${name} have more than ${MAX_READ_LENGTH} characters; change the CustomResourceDefinition so that the defaults in its lists are shorter`;
  });
  return isJsonObject(large) ? withoutSharing(large) : large;
}

function within(schema: Schema, object: JsonValue, maxLength: number, message: () => string): JsonValue {
  const value = tryWithin(schema, object, maxLength);
  if (value === undefined) throw internalError(message());
  return value;
}

/** The object with defaults; `undefined` when they are longer than `maxLength`. */
function tryWithin(schema: Schema, object: JsonValue, maxLength: number): JsonValue | undefined {
  try {
    return StructuralSchema.applyDefaults(schema, object, maxLength);
  } catch (thrown) {
    if (thrown instanceof StructuralSchema.DefaultsTooLongError) return undefined;
    throw thrown;
  }
}
