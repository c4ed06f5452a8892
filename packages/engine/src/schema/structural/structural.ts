import { type JsonObject, isJsonObject, firstDefined } from '@typekro/kit/core';
import { forbidden, invalid, required } from '../validation/field-error.ts';
import { structuralSchema } from '../lazy.ts';
import { type FieldError, asList } from '@typekro/kit/kubernetes';
import { type DefaultChecks, defaultErrors } from './structural-defaults.ts';
import { completenessErrors, nestedErrors, isSet, patternErrors } from './structural-nested.ts';
import type { RuleChecker } from './structural-rules.ts';
import { keywordErrors } from './structural-keywords.ts';

export type { RuleChecker } from './structural-rules.ts';

/** Further checks of a schema. Without them, its rules are checked without compilation. */
export interface SchemaChecks extends DefaultChecks {
  /** Compiles the CEL rules of one schema node. */
  readonly checkRules?: RuleChecker;
}

type Level = 'root' | 'field' | 'item';

/** The nesting depth above which a schema is refused. */
const MAX_DEPTH = 200;

/**
 * The errors for which an API server refuses a CRD's schema: it is not structural, uses forbidden keywords, or has an
 * invalid default or rule.
 *
 * @param path field path of the schema in the CRD
 */
export function structuralErrors(schema: JsonObject, path: string, checks: SchemaChecks = {}): FieldError[] {
  const unsupported = unsupportedKeyword(schema, 0);
  const errors: FieldError[] = [];
  if (unsupported === undefined) {
    for (const each of nodeErrors(schema, path, 'root', 0)) errors.push(each);
    for (const each of completenessErrors(schema, path)) errors.push(each);
    // Defaults are checked only if the schema is structural. Rules are compiled only if the defaults are also valid.
    if (errors.length === 0)
      for (const each of defaultErrors(structuralSchema(schema), path, checks)) errors.push(each);
  }
  const compile = errors.length === 0 && unsupported === undefined ? checks.checkRules : undefined;
  if (schema['nullable'] === true) errors.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'));
  for (const each of keywordErrors(schema, path, compile)) errors.push(each);
  // The error is reported only if no other error exists, because most of these keywords already cause an error.
  if (unsupported !== undefined && errors.length === 0) errors.push(invalid(path, '', unsupported));
  return errors;
}

/**
 * The server's message for a keyword that structural schemas do not support. If there is such a keyword, the server
 * does not check the structure.
 */
function unsupportedKeyword(schema: JsonObject, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return undefined;
  for (const [keyword, name] of UNSUPPORTED)
    if (isSet(schema[keyword])) return `OpenAPIV3Schema '${name}' is not supported`;
  const { items, properties, additionalItems, additionalProperties, not } = schema;
  if (typeof additionalItems === 'boolean') return "OpenAPIV3Schema 'additionalItems' is not supported";
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  if (Array.isArray(items) && items.length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  const parts = [items, additionalProperties, not, ...(isJsonObject(properties) ? Object.values(properties) : [])];
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) for (const each of asList(schema[keyword])) parts.push(each);
  return firstDefined(parts, (part) => (isJsonObject(part) ? unsupportedKeyword(part, depth + 1) : undefined));
}

const UNSUPPORTED = [
  ['id', 'id'],
  ['$schema', 'schema'],
  ['$ref', '$ref'],
  ['patternProperties', 'patternProperties'],
  ['dependencies', 'dependencies'],
  ['additionalItems', 'additionalItems'],
  ['definitions', 'definitions'],
] as const;

/** Checks the rules of structural schemas: each node has a type, and alternatives only restrict values. */
function* nodeErrors(schema: JsonObject, path: string, level: Level, depth: number): Iterable<FieldError> {
  if (depth > MAX_DEPTH) {
    yield forbidden(path, `must not be nested deeper than ${MAX_DEPTH} levels`);
    return;
  }
  const { items, properties, additionalProperties } = schema;
  if (isJsonObject(items)) yield* nodeErrors(items, `${path}.items`, 'item', depth + 1);
  else if (schema['type'] === 'array' && !Array.isArray(items)) yield required(`${path}.items`, 'must be specified');
  if (isJsonObject(properties)) {
    for (const [name, child] of Object.entries(properties)) {
      if (isJsonObject(child)) yield* nodeErrors(child, `${path}.properties[${name}]`, 'field', depth + 1);
    }
  }
  if (isJsonObject(additionalProperties)) {
    yield* nodeErrors(additionalProperties, `${path}.additionalProperties`, 'field', depth + 1);
  }
  yield* typeErrors(schema, path, level);
  yield* intOrStringErrors(schema, path);
  yield* patternErrors(schema, path);
  yield* nestedErrors(schema, path);
  yield* resourceErrors(schema, path, level);
}

const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function* typeErrors(schema: JsonObject, path: string, level: Level): Iterable<FieldError> {
  const type = typeof schema['type'] === 'string' ? schema['type'] : '';
  const field = `${path}.type`;
  const open = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    yield type === '' ? required(field, detail) : invalid(field, type, detail);
  } else if (type === '' && !open) yield required(field, MISSING_TYPE[level]);
  if (level === 'root' && type !== '' && type !== 'object') yield invalid(field, type, 'must be object at the root');
}

function* intOrStringErrors(schema: JsonObject, path: string): Iterable<FieldError> {
  if (schema['x-kubernetes-int-or-string'] !== true) return;
  for (const name of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource']) {
    if (schema[name] === true) {
      yield invalid(`${path}.${name}`, true, 'must be false if x-kubernetes-int-or-string is true');
    }
  }
}

/**
 * Errors of `apiVersion`, `kind` and `metadata`, which every resource has. Their types are fixed. At the root, a schema
 * may restrict only the names in `metadata`.
 */
function* resourceErrors(schema: JsonObject, path: string, level: Level): Iterable<FieldError> {
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const hasOthers = schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== null;
  if (level === 'root' && hasOthers) yield forbidden(`${path}.additionalProperties`, 'must not be used at the root');
  if (embedded && hasOthers) {
    yield forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set');
  }
  if (embedded && schema['x-kubernetes-preserve-unknown-fields'] !== true && Object.keys(properties).length === 0) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    yield required(`${path}.properties`, detail);
  }
  if (!embedded && level !== 'root') return;
  for (const name of ['apiVersion', 'kind']) {
    const member = properties[name];
    if (isJsonObject(member) && member['type'] !== 'string') {
      yield invalid(`${path}.properties[${name}].type`, member['type'] ?? '', 'must be string');
    }
  }
  const { metadata } = properties;
  if (!isJsonObject(metadata)) return;
  const field = `${path}.properties[metadata]`;
  if (metadata['type'] !== 'object') yield invalid(`${field}.type`, metadata['type'] ?? '', 'must be object');
  if (level === 'root' && describesMore(metadata)) {
    const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    yield forbidden(field, detail);
  }
}

/** Does the schema of metadata have more than restrictions of names? */
function describesMore(metadata: JsonObject): boolean {
  for (const [name, value] of Object.entries(metadata)) {
    if (name === 'type' || name === 'default' || !isSet(value)) continue;
    if (name !== 'properties' || !isJsonObject(value)) return true;
    if (Object.keys(value).some((member) => member !== 'name' && member !== 'generateName')) return true;
  }
  return false;
}
