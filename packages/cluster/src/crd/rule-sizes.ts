import { type CostRange, unescapeFieldName } from '@typekro/cel';
import type { Schema } from '@typekro/engine/schema';

/**
 * The maximum size of a request to an API server, in bytes. This size limits data for which the schema sets no limit.
 */
const MAX_REQUEST_BYTES = 3 * 1024 * 1024;

/** The length of a date in JSON, including quotes. The following constants are lengths of other values in JSON. */
const DATE = 12;
const MIN_DATE_TIME = 21;
const MAX_DATE_TIME = 32;
const MIN_DURATION = 3;
const MAX_DURATION = 32;
const BRACKETS = 2;

/** Can rules access values of this schema? Rules cannot access values without a declared type. */
function isVisible(schema: Schema): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return true;
  const { type, items, additionalProperties } = schema;
  if (type === 'array') return items !== undefined && isVisible(items);
  if (type === 'object') return typeof additionalProperties !== 'object' || isVisible(additionalProperties);
  return type !== undefined;
}

/** The length in JSON of the shortest value that the schema allows. */
function shortest(schema: Schema): number {
  if (schema['x-kubernetes-int-or-string'] === true) return 1;
  switch (schema.type) {
    case 'boolean':
      return 4;
    case 'integer':
    case 'number':
      return 1;
    case 'string':
      return { date: DATE, 'date-time': MIN_DATE_TIME, duration: MIN_DURATION }[schema.format ?? ''] ?? BRACKETS;
    case 'object':
      return typeof schema.additionalProperties === 'object' ? BRACKETS : shortestObject(schema);
    default:
      return BRACKETS;
  }
}

/** The length in JSON of the shortest object that the schema allows. Only required members without a default count. */
function shortestObject({ properties = {}, required = [] }: Schema): number {
  let size = BRACKETS;
  for (const name of new Set(required)) {
    const member = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (member === undefined || member.default !== undefined || !isVisible(member)) continue;
    size += Buffer.byteLength(name) + shortest(member) + 4;
  }
  return size;
}

const atLeastZero = (bound: number | bigint): number => Math.max(0, Number(bound));

/**
 * The maximum size of a value: the bytes of a string, the elements of a list, or the entries of a map. 0 for any other
 * value.
 */
function largest(schema: Schema): number {
  const { maxLength, maxItems, maxProperties, items, additionalProperties } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) {
    return maxLength === undefined ? MAX_REQUEST_BYTES - BRACKETS : atLeastZero(maxLength) * 4;
  }
  if (schema.type === 'array' && items !== undefined) {
    return maxItems === undefined
      ? Math.floor((MAX_REQUEST_BYTES - BRACKETS) / (shortest(items) + 1))
      : atLeastZero(maxItems);
  }
  if (schema.type === 'object' && typeof additionalProperties === 'object') {
    if (maxProperties !== undefined) return atLeastZero(maxProperties);
    return Math.floor((MAX_REQUEST_BYTES - BRACKETS) / (shortest(additionalProperties) + 6));
  }
  return schema.type === 'string' ? longestText(schema) : 0;
}

function longestText({ format, maxLength, enum: values = [] }: Schema): number {
  if (format === 'duration') return MAX_DURATION;
  if (format === 'date') return DATE;
  if (format === 'date-time') return MAX_DATE_TIME;
  if (maxLength !== undefined) return atLeastZero(maxLength) * (format === 'byte' ? 1 : 4);
  if (format === 'byte' || values.length === 0) return MAX_REQUEST_BYTES - BRACKETS;
  const sizes = values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0));
  return sizes.reduce((most, size) => Math.max(most, size));
}

const TEXT: Schema = { type: 'string' };
/** The metadata fields that rules can access. */
const METADATA: Schema = { type: 'object', properties: { name: TEXT, generateName: TEXT } };

function member(schema: Schema, name: string, resource: boolean): Schema | undefined {
  if (resource && (name === 'kind' || name === 'apiVersion')) return TEXT;
  if (resource && name === 'metadata') return METADATA;
  const { properties } = schema;
  const key = unescapeFieldName(name) ?? name;
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/**
 * The range of sizes of the value at a path such as `self.a.b`, as an API server's cost estimate assumes it. The first
 * element of the path is `self`, which has the schema `self`. Returns `undefined` when the schema does not declare the
 * path.
 */
export function sizeAtPath(self: Schema, resource: boolean, path: readonly string[]): CostRange | undefined {
  let current = self;
  let isResource = resource;
  for (const step of path.slice(1)) {
    if (step === '@keys') return isMap(current) && path.at(-1) === step ? { min: 0, max: 0 } : undefined;
    const next = step === '@items' || step === '@values' ? elementOf(current) : member(current, step, isResource);
    if (next === undefined || !isVisible(next)) return undefined;
    current = next;
    isResource = next['x-kubernetes-embedded-resource'] === true;
  }
  return { min: 0, max: largest(current) };
}

const isMap = (schema: Schema): boolean => typeof schema.additionalProperties === 'object';

function elementOf({ items, additionalProperties }: Schema): Schema | undefined {
  return items ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
}

/**
 * The maximum number of values of the schema that fit into one request. Estimates use this number when the surrounding
 * lists and maps have no maximum size.
 */
export const timesInRequest = (schema: Schema): number => Math.floor(MAX_REQUEST_BYTES / (shortest(schema) + 1));
