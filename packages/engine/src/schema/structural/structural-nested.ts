import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { forbidden, required, invalid } from '../validation/field-error.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import { patternProblem } from '../simple/simple-markers.ts';

const INT_OR_STRING: JsonValue = [{ type: 'integer' }, { type: 'string' }];
const MAX_DEPTH = 200;

/**
 * Errors of alternatives (`allOf`, `anyOf`, `oneOf`, `not`). An alternative may only restrict values. All other
 * keywords must be in the enclosing schema.
 */
export function* nestedErrors(schema: JsonObject, path: string): Iterable<FieldError> {
  const [first] = Array.isArray(schema['allOf']) ? schema['allOf'] : [];
  for (const { value, at, keyword } of alternatives(schema, path)) {
    if (keyword === 'anyOf' && isIntOrString(schema)) continue;
    yield* constraintErrors(value, at, 0, value === first && keyword === 'allOf' && isIntOrString(value));
  }
}

/** Errors of members that an alternative of the root mentions, but the root does not declare. */
export function* completenessErrors(schema: JsonObject, path: string): Iterable<FieldError> {
  for (const { value, at } of alternatives(schema, path)) yield* missingErrors(value, schema, at, path, 0);
}

/**
 * Is `anyOf` the pair of alternatives of an int-or-string? Only these alternatives may have types. They may be in the
 * schema itself or in the first entry of its `allOf`.
 */
function isIntOrString(schema: JsonObject): boolean {
  return jsonEquals(schema['anyOf'], INT_OR_STRING);
}

interface Alternative {
  readonly value: JsonObject;
  readonly at: string;
  readonly keyword: string;
}

function* alternatives(schema: JsonObject, path: string): Iterable<Alternative> {
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    const list = schema[keyword];
    if (!Array.isArray(list)) continue;
    for (const [index, value] of list.entries())
      if (isJsonObject(value)) yield { value, at: `${path}.${keyword}[${index}]`, keyword };
  }
  if (isJsonObject(schema['not'])) yield { value: schema['not'], at: `${path}.not`, keyword: 'not' };
}

/** Keywords that are forbidden in alternatives, each with the API server's message. */
const FORBIDDEN: readonly (readonly [string, string])[] = [
  ['type', 'must be empty to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['default', 'must be undefined to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function* constraintErrors(value: JsonObject, path: string, depth: number, skipsAnyOf = false): Iterable<FieldError> {
  if (depth > MAX_DEPTH) return;
  yield* patternErrors(value, path);
  if (isJsonObject(value['properties']) && value['properties']['metadata'] !== undefined) {
    yield forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context');
  }
  for (const [name, detail] of FORBIDDEN) {
    // `default` counts as used for every value, even `false`; `additionalProperties` counts even with an empty schema.
    const isUsed = name === 'default' ? (value[name] ?? undefined) !== undefined : isSet(value[name]);
    if (isUsed || (name === 'additionalProperties' && isJsonObject(value[name]))) {
      yield forbidden(`${path}.${name}`, detail);
    }
  }
  for (const { value: inner, at } of members(value, path)) yield* constraintErrors(inner, at, depth + 1);
  for (const { value: inner, at, keyword } of alternatives(value, path)) {
    if (!skipsAnyOf || keyword !== 'anyOf') yield* constraintErrors(inner, at, depth + 1);
  }
}

function* members(value: JsonObject, path: string): Iterable<{ value: JsonObject; at: string; name?: string }> {
  if (isJsonObject(value['items'])) yield { value: value['items'], at: `${path}.items` };
  if (!isJsonObject(value['properties'])) return;
  for (const [name, child] of Object.entries(value['properties'])) {
    if (isJsonObject(child)) yield { value: child, at: `${path}.properties[${name}]`, name };
  }
}

function* missingErrors(
  value: JsonObject,
  outer: JsonObject,
  path: string,
  outerPath: string,
  depth: number,
): Iterable<FieldError> {
  if (depth > MAX_DEPTH) return;
  for (const { value: inner, at, name } of members(value, path)) {
    const properties = isJsonObject(outer['properties']) ? outer['properties'] : {};
    const found = name === undefined ? outer['items'] : Object.hasOwn(properties, name) ? properties[name] : undefined;
    const outerAt = name === undefined ? `${outerPath}.items` : `${outerPath}.properties[${name}]`;
    if (isJsonObject(found)) yield* missingErrors(inner, found, at, outerAt, depth + 1);
    else yield required(outerAt, `because it is defined in ${at}`);
  }
  for (const { value: inner, at } of alternatives(value, path)) {
    yield* missingErrors(inner, outer, at, outerPath, depth + 1);
  }
}

/** The error of a schema's own pattern, which must be an RE2 expression. */
export function* patternErrors(schema: JsonObject, path: string): Iterable<FieldError> {
  const { pattern } = schema;
  if (typeof pattern !== 'string' || pattern === '') return;
  const problem = patternProblem(pattern);
  if (problem !== undefined) {
    yield invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`);
  }
}

/**
 * Is the keyword set? As in Go, `false` and an empty string, list or map count as unset. The number 0 counts as set,
 * because Go's schema type has pointers to numbers.
 */
export function isSet(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  return Array.isArray(value) ? value.length > 0 : !isJsonObject(value) || Object.keys(value).length > 0;
}
