import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { forbidden, invalid, notSupported, required } from '../validation/field-error.ts';
import { structuralSchema } from '../lazy.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import { listSchemaErrors } from './structural-lists.ts';
import { type RuleChecker, ruleErrors } from './structural-rules.ts';

/** The context of a part of a schema. */
interface Place {
  readonly depth: number;
  /** The reason why this part must not have a default; undefined if a default is allowed. */
  readonly noDefault?: string;
  /** Is the part inside `metadata`, `kind` or `apiVersion` of a resource? */
  readonly insideMeta?: boolean;
  /**
   * The path of the list or atomic map that contains the part, if the elements of the container cannot be matched with
   * stored elements.
   */
  readonly uncorrelatable?: string;
  readonly compile: RuleChecker | undefined;
  /** The maximum number of values of this part in one object; `undefined` if an enclosing list or map is unbounded. */
  readonly times: number | undefined;
}

const MAX_DEPTH = 200;

/** Errors of forbidden keywords and of keywords that are used in a forbidden way. */
export function* keywordErrors(
  schema: JsonObject,
  path: string,
  compile: RuleChecker | undefined,
): Iterable<FieldError> {
  yield* nodeErrors(schema, path, { depth: 0, compile, times: 1 });
}

function* nodeErrors(schema: JsonObject, path: string, place: Place): Iterable<FieldError> {
  if (place.depth > MAX_DEPTH) return;
  yield* ownErrors(schema, path, place);
  const inside: Place = { ...place, depth: place.depth + 1 };
  const { additionalProperties, properties, items } = schema;
  if (isJsonObject(additionalProperties)) {
    const noDefault = 'inside additionalProperties applying to object metadata';
    const entries = { ...inside, times: product(place.times, schema['maxProperties']) };
    const at = place.insideMeta === true ? { ...entries, noDefault } : entries;
    yield* nodeErrors(additionalProperties, `${path}.additionalProperties`, at);
  }
  if (isJsonObject(properties)) yield* memberErrors(schema, properties, path, inside);
  for (const name of ['allOf', 'anyOf', 'oneOf']) {
    const list = schema[name];
    for (const [index, entry] of (Array.isArray(list) ? list : []).entries()) {
      if (isJsonObject(entry)) yield* nodeErrors(entry, `${path}.${name}[${index}]`, { ...inside, compile: undefined });
    }
  }
  if (isJsonObject(schema['not'])) yield* nodeErrors(schema['not'], `${path}.not`, { ...inside, compile: undefined });
  if (isJsonObject(items)) {
    const matched = schema['x-kubernetes-list-type'] === 'map' || place.uncorrelatable !== undefined;
    const elements = { ...inside, times: product(place.times, schema['maxItems']) };
    yield* nodeErrors(items, `${path}.items`, matched ? elements : { ...elements, uncorrelatable: path });
  }
  yield* ruleErrors(structuralSchema(schema), path, place.compile, place.uncorrelatable, place.times);
}

function product(times: number | undefined, bound: JsonValue | undefined): number | undefined {
  return times === undefined || typeof bound !== 'number' ? undefined : times * Math.max(0, bound);
}

const OF_RESOURCE = new Set(['apiVersion', 'kind', 'metadata']);

function* memberErrors(schema: JsonObject, properties: JsonObject, path: string, place: Place): Iterable<FieldError> {
  const isRoot = place.depth === 1;
  const resource = isRoot || schema['x-kubernetes-embedded-resource'] === true;
  const atomic = schema['x-kubernetes-map-type'] === 'atomic' && place.uncorrelatable === undefined;
  for (const [name, child] of Object.entries(properties)) {
    if (!isJsonObject(child)) continue;
    const meta = resource && OF_RESOURCE.has(name);
    const at: Place = {
      ...place,
      ...(atomic ? { uncorrelatable: path } : {}),
      ...(meta ? { insideMeta: true } : {}),
      ...(meta && isRoot ? { noDefault: `in top-level ${name}` } : {}),
    };
    yield* nodeErrors(child, `${path}.properties[${name}]`, at);
  }
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Keywords that CRDs do not support. */
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];

function isUsed(name: string, value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || (value === '' && name !== '$ref')) return false;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}

function* ownErrors(schema: JsonObject, path: string, place: Place): Iterable<FieldError> {
  const { type: written, additionalProperties, properties, items } = schema;
  const type = typeof written === 'string' ? written : '';
  if (type !== '' && !TYPES.includes(type)) yield notSupported(`${path}.type`, type, TYPES);
  if (place.noDefault !== undefined && (schema['default'] ?? undefined) !== undefined) {
    yield forbidden(`${path}.default`, `must not be set ${place.noDefault}`);
  }
  for (const name of UNSUPPORTED)
    if (isUsed(name, schema[name])) yield forbidden(`${path}.${name}`, `${name} is not supported`);
  if (type === 'null') yield forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(items)) yield forbidden(`${path}.items`, 'items must be a schema object and not an array');
  if (place.insideMeta === true && schema['x-kubernetes-embedded-resource'] === true) {
    yield forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta');
  }
  if (schema['uniqueItems'] === true) {
    yield forbidden(
      `${path}.uniqueItems`,
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    );
  }
  const declares = isJsonObject(properties) && Object.keys(properties).length > 0;
  if (declares && (additionalProperties === false || isJsonObject(additionalProperties))) {
    yield forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive');
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    yield invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined');
  }
  yield* mapTypeErrors(schema, type, path);
  yield* listSchemaErrors(schema, path);
}

function* mapTypeErrors(schema: JsonObject, type: string, path: string): Iterable<FieldError> {
  const mapType = schema['x-kubernetes-map-type'] ?? undefined;
  if (mapType === undefined) return;
  const detail = 'must be object if x-kubernetes-map-type is specified';
  if (type === '') yield required(`${path}.type`, detail);
  else if (type !== 'object') yield invalid(`${path}.type`, type, detail);
  if (mapType !== 'atomic' && mapType !== 'granular') {
    yield notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']);
  }
}
