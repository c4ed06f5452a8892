import { type JsonObject, type JsonValue, getOwn, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { type FieldError, asText, dns1035Label, webhookClientErrors } from '@typekro/kit/kubernetes';
import { duplicate, forbidden, invalid, notSupported, required, tooMany } from '../validation/field-error.ts';
import type { Schema } from '../model.ts';

/** Errors of a CRD's names. `singular` and `listKind` may be missing, because the server defaults them. */
export function* namesErrors(names: JsonObject): Iterable<FieldError> {
  const field = (name: string) => `spec.names.${name}`;
  const [plural, kind] = [asText(names['plural']), asText(names['kind'])];
  const singular = asText(names['singular']) || kind.toLowerCase();
  const listKind = asText(names['listKind']) || (kind === '' ? '' : `${kind}List`);
  if (plural === '') yield required(field('plural'));
  if (singular === '') yield required(field('singular'));
  if (kind === '') yield required(field('kind'));
  if (listKind === '') yield required(field('listKind'));
  yield* label(field('plural'), plural, '');
  yield* label(field('singular'), singular, '');
  yield* label(field('kind'), kind, MIXED);
  yield* label(field('listKind'), listKind, MIXED);
  if (kind !== '' && kind === listKind)
    yield invalid(field('listKind'), listKind, 'kind and listKind may not be the same');
  for (const name of ['shortNames', 'categories']) {
    const list = names[name];
    for (const [index, entry] of (Array.isArray(list) ? list : []).entries()) {
      const problems = dns1035Label(asText(entry));
      if (problems.length > 0) yield invalid(`${field(name)}[${index}]`, entry, problems.join(','));
    }
  }
}

const MIXED = 'may have mixed case, but should otherwise match: ';

function* label(field: string, name: string, prefix: string): Iterable<FieldError> {
  if (name === '') return;
  const problems = dns1035Label(prefix === '' ? name : name.toLowerCase());
  if (problems.length > 0) yield invalid(field, name, prefix + problems.join(','));
}

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

/** Errors of a printer column. */
export function* columnErrors(column: JsonObject, path: string): Iterable<FieldError> {
  const [type, format, jsonPath] = [asText(column['type']), asText(column['format']), asText(column['jsonPath'])];
  if (asText(column['name']) === '') yield required(`${path}.name`);
  const types = `must be one of ${COLUMN_TYPES.join(',')}`;
  if (type === '') yield required(`${path}.type`, types);
  else if (!COLUMN_TYPES.includes(type)) yield invalid(`${path}.type`, type, types);
  if (format !== '' && !COLUMN_FORMATS.includes(format)) {
    yield invalid(`${path}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`);
  }
  if (jsonPath === '') yield required(`${path}.JSONPath`);
  else if (!jsonPath.startsWith('.')) yield invalid(`${path}.JSONPath`, jsonPath, SIMPLE_PATH);
}

const SIMPLE_PATH = 'must be a simple json path starting with .';

/** Errors of the paths of the `scale` subresource. */
export function* scaleErrors(scale: JsonObject, path: string): Iterable<FieldError> {
  const paths = [
    ['specReplicasPath', ['.spec'], true],
    ['statusReplicasPath', ['.status'], true],
    ['labelSelectorPath', ['.spec', '.status'], false],
  ] as const;
  for (const [name, roots, needed] of paths) {
    const value = asText(scale[name]);
    const field = `${path}.${name}`;
    if (value === '') {
      if (needed) yield required(field);
    } else if (!value.startsWith('.')) yield invalid(field, value, SIMPLE_PATH);
    else if (!roots.some((root) => value.startsWith(`${root}.`))) {
      const where = roots.length === 1 ? roots[0] : `either ${roots.join(' or ')}`;
      yield invalid(field, value, `should be a json path under ${where}`);
    }
  }
}

const SELECTABLE: ReadonlySet<string | undefined> = new Set(['string', 'boolean', 'integer']);
const MAX_SELECTABLE_FIELDS = 8;

/**
 * Errors of `selectableFields`, by which field selectors can select objects.
 *
 * @param stored the fields of the stored CRD. An update may keep a list that is too long
 */
export function* selectableErrors(
  fields: readonly JsonValue[],
  schema: Schema,
  path: string,
  stored: JsonValue | undefined,
): Iterable<FieldError> {
  const seen = new Set<string>();
  for (const [index, entry] of fields.entries()) {
    const field = `${path}[${index}].jsonPath`;
    const jsonPath = asText(isJsonObject(entry) ? entry['jsonPath'] : undefined);
    if (jsonPath === '') {
      yield required(field);
      continue;
    }
    const found = schemaAt(schema, jsonPath);
    if (typeof found === 'string') {
      yield invalid(field, jsonPath, `is an invalid path: ${found}`);
      continue;
    }
    if (/^\.metadata(?:\.|$)/.test(jsonPath)) yield invalid(field, jsonPath, 'must not point to fields in metadata');
    if (!SELECTABLE.has(found.type)) {
      const types = 'must point to a field of type string, boolean or integer';
      yield invalid(field, jsonPath, `${types}. Enum string fields and strings with formats are allowed.`);
    }
    if (seen.has(jsonPath)) yield duplicate(field, jsonPath);
    seen.add(jsonPath);
  }
  if (seen.size > MAX_SELECTABLE_FIELDS && !jsonEquals(stored, [...fields]))
    yield tooMany(path, seen.size, MAX_SELECTABLE_FIELDS);
}

/** The schema at a path such as `.spec.size`, or the problem with the path. */
function schemaAt(schema: Schema, path: string): Schema | string {
  let node = schema;
  const tokens = (path.match(/[.[\]]|[^.[\]]+/g) ?? []).values();
  for (const token of tokens) {
    if (token === '[') return 'array notation is not allowed';
    if (token !== '.') return `expected [ or . but got: ${token}`;
    const { value: name } = tokens.next();
    if (name === undefined) return 'unexpected end of JSON path';
    const { properties = {}, additionalProperties } = node;
    const isStruct = Object.keys(properties).length > 0;
    const next = isStruct ? getOwn(properties, name) : additionalProperties;
    if (next === undefined) return 'does not refer to a valid field';
    node = typeof next === 'object' ? next : {};
  }
  return node;
}

const STRATEGIES = ['None', 'Webhook'];

/** Errors of the conversion settings. */
export function* conversionErrors(conversion: JsonValue | undefined): Iterable<FieldError> {
  if (!isJsonObject(conversion)) return;
  const strategy = asText(conversion['strategy']);
  const webhook = isJsonObject(conversion['webhook']) ? conversion['webhook'] : {};
  const [client, reviews] = [webhook['clientConfig'], webhook['conversionReviewVersions']];
  if (strategy === '') yield required('spec.conversion.strategy');
  else if (!STRATEGIES.includes(strategy)) yield notSupported('spec.conversion.strategy', strategy, STRATEGIES);
  if (strategy === 'Webhook') {
    if (!isJsonObject(client)) {
      yield required('spec.conversion.webhookClientConfig', 'required when strategy is set to Webhook');
    } else yield* webhookClientErrors(client, 'spec.conversion.webhookClientConfig');
    yield* reviewVersionErrors(Array.isArray(reviews) ? reviews : []);
    return;
  }
  const detail = 'should not be set when strategy is not set to Webhook';
  if (isJsonObject(client)) yield forbidden('spec.conversion.webhookClientConfig', detail);
  if (Array.isArray(reviews) && reviews.length > 0) yield forbidden('spec.conversion.conversionReviewVersions', detail);
}

const REVIEWED = ['v1', 'v1beta1'];

function* reviewVersionErrors(versions: readonly JsonValue[]): Iterable<FieldError> {
  const field = 'spec.conversion.conversionReviewVersions';
  if (versions.length === 0) {
    yield required(field);
    return;
  }
  const seen = new Set<string>();
  for (const [index, entry] of versions.entries()) {
    const version = asText(entry);
    if (seen.has(version)) {
      yield invalid(`${field}[${index}]`, version, 'duplicate version');
      continue;
    }
    seen.add(version);
    for (const problem of dns1035Label(version)) yield invalid(`${field}[${index}]`, version, problem);
  }
  if (!REVIEWED.some((version) => seen.has(version))) {
    yield invalid(field, [...versions], `must include at least one of ${REVIEWED.join(', ')}`);
  }
}
