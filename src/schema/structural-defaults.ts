import type { JsonValue } from '../core/index.ts';
import { jsonEquals } from '../core/index.ts';
import { applyDefaults } from './defaults.ts';
import { invalid } from './field-error.ts';
import type { FieldError, Schema } from './model.ts';
import { prune } from './prune.ts';
import { validate } from './validate.ts';

const MAX_DEPTH = 200;

/** Defaults must fit the schema they stand in, and must not be touched by pruning. */
export function* defaultErrors(schema: Schema, path: string, depth = 0): Iterable<FieldError> {
  if (depth > MAX_DEPTH) return;
  const value = schema.default;
  if (value !== undefined && value !== null) {
    const resource = depth === 0 || schema['x-kubernetes-embedded-resource'] === true;
    yield* oneDefault(schema, value, `${path}.default`, resource);
  }
  if (schema.items !== undefined) yield* defaultErrors(schema.items, `${path}.items`, depth + 1);
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    yield* defaultErrors(child, `${path}.properties[${name}]`, depth + 1);
  }
  if (typeof schema.additionalProperties === 'object') {
    yield* defaultErrors(schema.additionalProperties, `${path}.additionalProperties`, depth + 1);
  }
}

function* oneDefault(schema: Schema, value: JsonValue, path: string, resource: boolean): Iterable<FieldError> {
  const pruned = prune(schema, value, { resource });
  if (!jsonEquals(pruned.value, value)) {
    yield invalid(path, value, 'must not have unknown fields');
    return;
  }
  yield* validate(schema, applyDefaults(schema, value), { path });
}
