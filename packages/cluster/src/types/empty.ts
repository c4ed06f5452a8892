import type { JsonObject } from '@typekro/kit/core';
import { oncePerObject } from '@typekro/kit/core';
import { decodeObject } from './decode.ts';
import type { ObjectNode } from './node.ts';

/** An empty object of a built-in type: it has only the fields that are always present in JSON. */
export const emptyObject = oncePerObject((node: ObjectNode): JsonObject => decodeObject(node, {}).value);
