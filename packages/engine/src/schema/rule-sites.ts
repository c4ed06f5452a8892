import type { JsonValue } from '@typekro/kit/core';
import { fieldPath } from './validation/field-error.ts';
import type { Schema, ValidationRule } from './model.ts';
import { type ValueInSchema, anywhere, walkPlaces } from './walk.ts';

/**
 * A value whose schema has CEL rules: `value` is `self` in the rules, and `old` is `oldSelf`. List elements have an old
 * value only in lists of the type `map`, where they are matched by key.
 */
export interface RuleSite extends ValueInSchema {
  readonly rules: readonly ValidationRule[];
  /** Field path as Kubernetes writes it; `<nil>` at the root. */
  readonly field: string;
}

const rulesOf = (schema: Schema): readonly ValidationRule[] => {
  const rules = schema['x-kubernetes-validations'];
  return Array.isArray(rules) ? (rules as readonly ValidationRule[]) : [];
};

/** Does the schema or a part of it have CEL rules? The result is cached per schema. */
export const hasRules: (schema: Schema) => boolean = anywhere((schema) => rulesOf(schema).length > 0);

/** The parts of a value whose schemas have CEL rules, parents first. Null values are skipped. */
export function* ruleSites(schema: Schema, value: JsonValue, old?: JsonValue, base = ''): Iterable<RuleSite> {
  if (!hasRules(schema)) return;
  for (const place of walkPlaces({ schema, value, old, path: base === '' ? [] : [base] }, hasRules)) {
    const rules = rulesOf(place.schema);
    if (rules.length === 0 || place.value === null) continue;
    yield { ...place, rules, field: fieldPath(place.path) };
  }
}
