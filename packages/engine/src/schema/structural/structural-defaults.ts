import { type JsonValue, jsonEquals } from '@typekro/kit/core';
import { invalid } from '../validation/field-error.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import { deriveSchema } from '../lazy.ts';
import type { Schema } from '../model.ts';
import { prune } from '../validation/prune.ts';
import { schemaErrors } from '../validation/validate.ts';
import { type RuleSite, ruleSites } from '../rule-sites.ts';

const MAX_DEPTH = 200;

/** Further checks of defaults. Without them, a default that fits its schema has no error. */
export interface DefaultChecks {
  /** Evaluates the rules of one part of a default. */
  readonly evaluateRules?: (site: RuleSite) => readonly FieldError[];
  /**
   * Are repeated elements of set and map lists errors? A server accepts such a default, and refuses each object that
   * gets it.
   */
  readonly refusesRepeated?: boolean;
}

/**
 * Yields the errors of defaults. A default must be valid for its schema, and pruning must not change it. As on a
 * server, the defaults of map values are not checked.
 */
export function* defaultErrors(schema: Schema, path: string, checks: DefaultChecks, depth = 0): Iterable<FieldError> {
  if (depth > MAX_DEPTH) return;
  // A default of the root must be a whole resource, with an apiVersion and a kind.
  const node = depth === 0 ? deriveSchema(schema, { 'x-kubernetes-embedded-resource': true }) : schema;
  if (schema.default !== undefined) yield* oneDefault(node, schema.default, `${path}.default`, checks);
  if (schema.items !== undefined) yield* defaultErrors(schema.items, `${path}.items`, checks, depth + 1);
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    yield* defaultErrors(child, `${path}.properties[${name}]`, checks, depth + 1);
  }
}

function* oneDefault(schema: Schema, value: JsonValue, path: string, checks: DefaultChecks): Iterable<FieldError> {
  const pruned = prune(schema, value, { resource: schema['x-kubernetes-embedded-resource'] === true });
  if (!jsonEquals(pruned.value, value)) yield invalid(path, value, 'must not have unknown fields');
  const { errors, repeated } = schemaErrors(schema, value, path, undefined);
  yield* errors;
  if (checks.refusesRepeated === true) yield* repeated;
  const { evaluateRules } = checks;
  if (errors.length > 0 || evaluateRules === undefined) return;
  // As on a server, the rules are evaluated for an update that keeps the default, and then for a creation.
  const kept = [...ruleSites(schema, value, value, path)].flatMap(evaluateRules);
  yield* kept.length > 0 ? kept : [...ruleSites(schema, value, undefined, path)].flatMap(evaluateRules);
}
