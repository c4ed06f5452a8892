import type { JsonValue } from '@typekro/kit/core';
import { jsonEquals } from '@typekro/kit/core';
import { invalid } from '../validation/field-error.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import { deriveSchema } from '../lazy.ts';
import type { Schema } from '../model.ts';
import { prune } from '../validation/prune.ts';
import { schemaErrors } from '../validation/validate.ts';

const MAX_DEPTH = 200;

/**
 * Yields the errors of defaults. A default must be valid for its schema, and pruning must not change it. As on a
 * server, the defaults of map values are not checked.
 */
export function* defaultErrors(schema: Schema, path: string, depth = 0): Iterable<FieldError> {
  if (depth > MAX_DEPTH) return;
  // A default of the root must be a whole resource, with an apiVersion and a kind.
  const node = depth === 0 ? deriveSchema(schema, { 'x-kubernetes-embedded-resource': true }) : schema;
  if (schema.default !== undefined) yield* oneDefault(node, schema.default, `${path}.default`);
  if (schema.items !== undefined) yield* defaultErrors(schema.items, `${path}.items`, depth + 1);
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    yield* defaultErrors(child, `${path}.properties[${name}]`, depth + 1);
  }
}

function* oneDefault(schema: Schema, value: JsonValue, path: string): Iterable<FieldError> {
  const pruned = prune(schema, value, { resource: schema['x-kubernetes-embedded-resource'] === true });
  if (!jsonEquals(pruned.value, value)) yield invalid(path, value, 'must not have unknown fields');
  // A server accepts a default with repeated elements in a set or map list.
  yield* schemaErrors(schema, value, path, undefined).errors;
}
