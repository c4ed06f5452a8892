import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import { forbidden, invalid, notSupported, required } from './field-error.ts';
import { structuralSchema } from './lazy.ts';
import type { FieldError } from './model.ts';
import { patternProblem } from './simple-markers.ts';
import { defaultErrors } from './structural-defaults.ts';
import { listSchemaErrors } from './structural-lists.ts';
import { nestedErrors } from './structural-nested.ts';
import { ruleErrors } from './structural-rules.ts';
import type { RuleChecker } from './structural-rules.ts';

export type { RuleChecker } from './structural-rules.ts';

type Level = 'root' | 'field' | 'item';

/** Nesting beyond which a schema is refused. */
const MAX_DEPTH = 200;

/**
 * Why an API server does not accept a schema for a CRD: it is not structural, uses what CRDs must not use,
 * or its defaults do not fit.
 *
 * @param path field path of the schema in the definition
 */
export function structuralErrors(schema: JsonObject, path: string, checkRules?: RuleChecker): FieldError[] {
  const errors = [...nodeErrors(schema, path, 'root', 0, checkRules)];
  // Defaults are looked at only when the schema makes sense.
  return errors.length > 0 ? errors : [...defaultErrors(structuralSchema(schema), path)];
}

function* nodeErrors(
  schema: JsonObject,
  path: string,
  level: Level,
  depth: number,
  checkRules: RuleChecker | undefined,
  uncorrelatable?: string,
): Iterable<FieldError> {
  if (depth > MAX_DEPTH) {
    yield forbidden(path, `must not be nested deeper than ${MAX_DEPTH} levels`);
    return;
  }
  yield* typeErrors(schema, path, level);
  yield* keywordErrors(schema, path);
  yield* extensionErrors(schema, path);
  yield* listSchemaErrors(schema, path);
  yield* nestedErrors(schema, path);
  yield* resourceErrors(schema, path, level);
  yield* ruleErrors(structuralSchema(schema), path, checkRules, uncorrelatable);
  const { items, properties, additionalProperties } = schema;
  // Elements of a list can be matched with stored ones by keys only.
  const within = schema['x-kubernetes-list-type'] === 'map' ? uncorrelatable : (uncorrelatable ?? path);
  if (isJsonObject(items)) yield* nodeErrors(items, `${path}.items`, 'item', depth + 1, checkRules, within);
  else if (schema['type'] === 'array' && items === undefined) yield required(`${path}.items`, 'must be specified');
  if (isJsonObject(properties)) {
    for (const [name, child] of Object.entries(properties)) {
      if (isJsonObject(child))
        yield* nodeErrors(child, `${path}.properties[${name}]`, 'field', depth + 1, checkRules, uncorrelatable);
    }
  }
  if (isJsonObject(additionalProperties)) {
    yield* nodeErrors(
      additionalProperties,
      `${path}.additionalProperties`,
      'field',
      depth + 1,
      checkRules,
      uncorrelatable,
    );
  }
}

const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

function* typeErrors(schema: JsonObject, path: string, level: Level): Iterable<FieldError> {
  const type = typeof schema['type'] === 'string' ? schema['type'] : '';
  const field = `${path}.type`;
  if (type === 'null') yield forbidden(field, 'type cannot be set to null, use nullable as an alternative');
  else if (type !== '' && !TYPES.includes(type)) yield notSupported(field, type, TYPES);
  if (schema['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    yield wrongType(field, type, 'must be object if x-kubernetes-embedded-resource is true');
  } else if (type === '') {
    const open =
      schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
    if (!open || level === 'root') yield required(field, MISSING_TYPE[level]);
  }
  if (level !== 'root') return;
  if (type !== '' && type !== 'object') yield invalid(field, type, 'must be object at the root');
  if (schema['nullable'] === true) yield forbidden(`${path}.nullable`, 'nullable cannot be true at the root');
}

/** A type that is missing is required, one that differs is invalid. */
export function wrongType(field: string, type: string, detail: string): FieldError {
  return type === '' ? required(field, detail) : invalid(field, type, detail);
}

const UNSUPPORTED: readonly (readonly [string, string])[] = [
  ['id', 'id is not supported'],
  ['additionalItems', 'additionalItems is not supported'],
  ['patternProperties', 'patternProperties is not supported'],
  ['definitions', 'definitions is not supported'],
  ['dependencies', 'dependencies is not supported'],
  ['$ref', '$ref is not supported'],
];

function isSet(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}

function* keywordErrors(schema: JsonObject, path: string): Iterable<FieldError> {
  for (const [name, detail] of UNSUPPORTED) if (isSet(schema[name])) yield forbidden(`${path}.${name}`, detail);
  if (schema['uniqueItems'] === true) {
    yield forbidden(
      `${path}.uniqueItems`,
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    );
  }
  if (Array.isArray(schema['items']))
    yield forbidden(`${path}.items`, 'items must be a schema object and not an array');
  const { additionalProperties, properties, pattern } = schema;
  const declares = isJsonObject(properties) && Object.keys(properties).length > 0;
  if (declares && (additionalProperties === false || isJsonObject(additionalProperties))) {
    yield forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive');
  }
  if (typeof pattern === 'string' && pattern !== '') {
    const problem = patternProblem(pattern);
    if (problem !== undefined) {
      yield invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`);
    }
  }
}

function* extensionErrors(schema: JsonObject, path: string): Iterable<FieldError> {
  const preserve = schema['x-kubernetes-preserve-unknown-fields'];
  const field = (name: string) => `${path}.x-kubernetes-${name}`;
  if (preserve === false) yield invalid(field('preserve-unknown-fields'), false, 'must be true or undefined');
  if (schema['x-kubernetes-int-or-string'] === true) {
    const detail = 'must be false if x-kubernetes-int-or-string is true';
    if (preserve === true) yield invalid(field('preserve-unknown-fields'), true, detail);
    if (schema['x-kubernetes-embedded-resource'] === true) yield invalid(field('embedded-resource'), true, detail);
  }
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType === undefined || mapType === null) return;
  if (mapType !== 'atomic' && mapType !== 'granular')
    yield notSupported(field('map-type'), mapType, ['granular', 'atomic']);
  const type = typeof schema['type'] === 'string' ? schema['type'] : '';
  if (type !== 'object') yield wrongType(`${path}.type`, type, 'must be object if x-kubernetes-map-type is specified');
}

/** The members that every resource has may be restricted a little, not described. */
function* resourceErrors(schema: JsonObject, path: string, level: Level): Iterable<FieldError> {
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  if (level === 'root' && schema['additionalProperties'] !== undefined) {
    yield forbidden(`${path}.additionalProperties`, 'must not be used at the root');
  }
  if (embedded && isSet(schema['additionalProperties'])) {
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
  if (metadata['type'] !== 'object')
    yield invalid(`${path}.properties[metadata].type`, metadata['type'] ?? '', 'must be object');
  const restricted = isJsonObject(metadata['properties']) ? Object.keys(metadata['properties']) : [];
  if (
    restricted.some((name) => name !== 'name' && name !== 'generateName') ||
    isSet(metadata['additionalProperties'])
  ) {
    const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    yield forbidden(`${path}.properties[metadata]`, detail);
  }
}
