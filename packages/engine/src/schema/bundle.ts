import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { FieldFacts, TypeFacts } from './builtin-types.ts';
import type { ListType } from './model.ts';
import { asTexts } from '@typekro/kit/kubernetes';

/** The last parts of the published names of types that have no fields. */
const LEAVES: ReadonlySet<string> = new Set([
  'Quantity',
  'IntOrString',
  'RawExtension',
  'Time',
  'MicroTime',
  'FieldsV1',
  'JSON',
]);

const REFERENCE = '#/components/schemas/';

/**
 * Extracts the facts of built-in types (in the form of `types.json`) from an API server's OpenAPI v3 documents, one per
 * group-version. Types are named by the last parts of their published names (`core.v1.Container`) and sorted. Facts
 * that only the protobuf definitions have are absent. Custom resources and types of other projects are skipped.
 */
export function bundleTypes(documents: Iterable<JsonValue>): Record<string, TypeFacts> {
  const types = new Map<string, TypeFacts>();
  for (const document of documents) {
    const components = isJsonObject(document) ? document['components'] : undefined;
    const schemas = isJsonObject(components) ? components['schemas'] : undefined;
    if (!isJsonObject(schemas)) continue;
    for (const [published, schema] of Object.entries(schemas)) {
      const name = typeName(published);
      if (name === undefined || LEAVES.has(name) || !isJsonObject(schema) || types.has(name)) continue;
      if (isJsonObject(schema['properties']) || schema['type'] === 'object') types.set(name, typeFacts(schema));
    }
  }
  return Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Shortens `io.k8s.api.core.v1.Container` to `core.v1.Container`. Returns `undefined` for types of other projects. */
function typeName(published: string): string | undefined {
  if (!published.startsWith('io.k8s.')) return undefined;
  const parts = published.split('.');
  const [group, version, kind] = parts.slice(-3);
  if (kind === undefined || group === undefined || version === undefined) return undefined;
  if (LEAVES.has(kind) && !published.includes('.pkg.apis.apiextensions.v1.') && published.includes('apimachinery'))
    return kind;
  if (kind === 'JSON' && published.includes('.apiextensions.v1.')) return kind;
  return /^v\d/.test(version) ? `${group}.${version}.${kind}` : undefined;
}

function typeFacts(schema: JsonObject): TypeFacts {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const fields = Object.entries(properties).map(([name, property]) => [name, fieldFacts(property)] as const);
  const required = asTexts(schema['required']);
  const gvk = kindsOf(schema);
  const map = mapType(schema);
  return {
    fields: Object.fromEntries(fields),
    ...(required.length > 0 ? { required } : {}),
    ...(map === undefined ? {} : { map }),
    ...(gvk.length > 0 ? { gvk } : {}),
  };
}

function kindsOf(schema: JsonObject): [string, string, string][] {
  const kinds = schema['x-kubernetes-group-version-kind'];
  if (!Array.isArray(kinds)) return [];
  const text = (kind: JsonObject, name: string): string => (typeof kind[name] === 'string' ? kind[name] : '');
  return kinds.filter(isJsonObject).map((kind) => [text(kind, 'group'), text(kind, 'version'), text(kind, 'kind')]);
}

function mapType(schema: JsonObject): 'atomic' | 'granular' | undefined {
  const value = schema['x-kubernetes-map-type'];
  return value === 'atomic' || value === 'granular' ? value : undefined;
}

function fieldFacts(property: JsonValue | undefined): FieldFacts {
  if (!isJsonObject(property)) return { t: 'JSON' };
  const list = property['x-kubernetes-list-type'];
  const keys = asTexts(property['x-kubernetes-list-map-keys']);
  const map = mapType(property);
  const [patch, mergeKey] = [property['x-kubernetes-patch-strategy'], property['x-kubernetes-patch-merge-key']];
  const [value, allowed] = [property['default'], property['enum']];
  return {
    t: typeText(property, 0),
    ...(list === 'atomic' || list === 'set' || list === 'map' ? { list: list satisfies ListType } : {}),
    ...(keys.length > 0 ? { keys } : {}),
    ...(map === undefined ? {} : { map }),
    ...(typeof patch === 'string' ? { patch } : {}),
    ...(typeof mergeKey === 'string' ? { mergeKey } : {}),
    ...(value === undefined || isZero(value) ? {} : { default: value }),
    ...(Array.isArray(allowed) ? { enum: allowed } : {}),
  };
}

/** Is a published default the zero value? Such a default means only that the field is always present. */
function isZero(value: JsonValue): boolean {
  if (isJsonObject(value)) return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false || value === null;
}

const MAX_DEPTH = 20;

const SCALARS: ReadonlyMap<string, string> = new Map([
  ['string', 'string'],
  ['string byte', 'bytes'],
  ['string date-time', 'Time'],
  ['boolean', 'bool'],
  ['integer', 'int64'],
  ['integer int32', 'int32'],
  ['integer int64', 'int64'],
  ['number', 'float64'],
  ['number double', 'float64'],
]);

/** The type of a field in the notation of the data file: `T`, `T[]`, `T{}`. */
function typeText(schema: JsonObject, depth: number): string {
  if (depth > MAX_DEPTH) return 'JSON';
  const reference = referenceOf(schema);
  if (reference !== undefined) return typeName(reference) ?? 'JSON';
  const { type, format, items, additionalProperties } = schema;
  if (type === 'array') return `${isJsonObject(items) ? typeText(items, depth + 1) : 'JSON'}[]`;
  if (isJsonObject(additionalProperties)) return `${typeText(additionalProperties, depth + 1)}{}`;
  if (type === 'object') return 'RawExtension';
  const key =
    typeof type === 'string' ? `${type}${typeof format === 'string' && format !== '' ? ` ${format}` : ''}` : '';
  return SCALARS.get(key) ?? SCALARS.get(typeof type === 'string' ? type : '') ?? 'JSON';
}

function referenceOf(schema: JsonObject): string | undefined {
  const { $ref: reference, allOf } = schema;
  if (typeof reference === 'string' && reference.startsWith(REFERENCE)) return reference.slice(REFERENCE.length);
  const [only, ...more] = Array.isArray(allOf) ? allOf : [];
  return isJsonObject(only) && more.length === 0 ? referenceOf(only) : undefined;
}
