import type { JsonObject } from '@typekro/kit/core';
import { decodeObject } from './decode.ts';
import type { ObjectNode } from './node.ts';

const empties = new WeakMap<ObjectNode, JsonObject>();

/** An empty object of a built-in type: it has only the fields that are always present in JSON. */
export function emptyObject(node: ObjectNode): JsonObject {
  let value = empties.get(node);
  if (value === undefined) {
    value = decodeObject(node, {}).value;
    empties.set(node, value);
  }
  return value;
}
