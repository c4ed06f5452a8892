import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject, jsonEquals } from '@typekro/kit/core';
import { applyDefaults } from '../validation/defaults.ts';
import type { Schema, ValidationRule } from '../model.ts';
import { celLiteral } from '../simple/simple-emit-cel.ts';

/** A node of a structural schema during its conversion. */
export type Node = { -readonly [K in keyof Schema]: Schema[K] };

/**
 * Converts the bounds of a number that are fractions to rules. The API server drops the fraction of a bound when it
 * compares a value that is an integer, and rules do not.
 */
export function fractionsAsRules(node: Node): void {
  if (node.type !== 'number' || node.anyOf !== undefined) return;
  const rules: ValidationRule[] = [];
  for (const [name, exclusive, operator] of BOUNDS) {
    const bound = node[name];
    if (typeof bound !== 'number' || Number.isInteger(bound) || node[exclusive] === true) continue;
    delete node[name];
    rules.push({ rule: `self ${operator} ${celLiteral(node, bound)}` });
  }
  if (rules.length > 0) node['x-kubernetes-validations'] = [...(node['x-kubernetes-validations'] ?? []), ...rules];
}

const BOUNDS = [
  ['minimum', 'exclusiveMinimum', '>='],
  ['maximum', 'exclusiveMaximum', '<='],
] as const;

/** The default of an object without the members that the API server adds, because they are the defaults of fields. */
export function withoutFilled({ properties = {} }: Schema, value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const given = Object.entries(value).filter(([name, member]) => {
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return field?.default === undefined || !jsonEquals(applyDefaults(field, field.default), member);
  });
  return Object.fromEntries(given);
}

/** Copies the extensions of Kubernetes to a node. */
export function copyExtensions(node: Node, raw: JsonObject): void {
  for (const [name, value] of Object.entries(raw)) {
    if (name.startsWith('x-kubernetes-'))
      Object.defineProperty(node, name, { value, enumerable: true, configurable: true, writable: true });
  }
}

/** Getters that read the members of a node on each access, because the node may still be incomplete. */
export function lazyCopies(target: Schema): PropertyDescriptorMap {
  const member = (name: keyof Schema): PropertyDescriptor => ({
    configurable: true,
    enumerable: true,
    get: () => target[name],
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, { configurable: true, enumerable: true, writable: true, value });
    },
  });
  return Object.fromEntries(COPIED.map((name) => [name, member(name)]));
}

const COPIED: readonly (keyof Schema)[] = [
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'default',
  'enum',
  'properties',
  'additionalProperties',
  'required',
  'items',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'allOf',
  'anyOf',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-map-type',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
];
