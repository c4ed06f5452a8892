import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import { forbidden, invalid, notSupported, required } from '../validation/field-error.ts';
import { type FieldError, textAt } from '@typekro/kit/kubernetes';

const typeOf = (schema: JsonObject): string => textAt(schema, 'type');

/** Errors of list types and their keys. */
export function* listSchemaErrors(schema: JsonObject, path: string): Iterable<FieldError> {
  const listType = schema['x-kubernetes-list-type'] ?? undefined;
  const keys = Array.isArray(schema['x-kubernetes-list-map-keys']) ? schema['x-kubernetes-list-map-keys'] : [];
  const field = `${path}.x-kubernetes-list-type`;
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    yield listType === undefined ? required(field, detail) : invalid(field, listType, detail);
  }
  if (listType === undefined) return;
  if (listType !== 'atomic' && listType !== 'set' && listType !== 'map') {
    yield notSupported(field, listType, ['atomic', 'set', 'map']);
  }
  if (typeOf(schema) !== 'array') {
    const detail = 'must be array if x-kubernetes-list-type is specified';
    yield typeOf(schema) === '' ? required(`${path}.type`, detail) : invalid(`${path}.type`, typeOf(schema), detail);
  }
  const items = isJsonObject(schema['items']) ? schema['items'] : undefined;
  if (listType === 'set' && typeOf(schema) === 'array' && items !== undefined) yield* setErrors(items, `${path}.items`);
  if (listType === 'map') yield* mapErrors(schema, items, keys, path);
  if ((listType === 'set' || listType === 'map') && items?.['nullable'] === true) {
    yield forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`);
  }
}

/** Errors of the element schema of a set. Elements of a set are compared as a whole, so they must be atomic. */
function* setErrors(items: JsonObject, path: string): Iterable<FieldError> {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const type = typeOf(items);
  const [listType, mapType] = [items['x-kubernetes-list-type'] ?? undefined, items['x-kubernetes-map-type']];
  if (type === 'array' && listType !== undefined && listType !== 'atomic') {
    yield invalid(`${path}.x-kubernetes-list-type`, listType, detail);
  }
  // As on the server, the error quotes the element's list type, although the map type is wrong.
  if (type === 'object' && mapType !== 'atomic')
    yield invalid(`${path}.x-kubernetes-map-type`, listType ?? null, detail);
}

function* mapErrors(
  schema: JsonObject,
  items: JsonObject | undefined,
  keys: readonly unknown[],
  path: string,
): Iterable<FieldError> {
  const keysField = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) yield required(keysField, 'must not be empty if x-kubernetes-list-type is map');
  if (items === undefined) {
    if (!Array.isArray(schema['items']))
      yield required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map');
    return;
  }
  const type = typeOf(items);
  if (type !== 'object') {
    yield invalid(`${path}.items.type`, type, "must be object if parent array's x-kubernetes-list-type is map");
  }
  const properties = isJsonObject(items['properties']) ? items['properties'] : {};
  const requiredKeys = Array.isArray(items['required']) ? items['required'] : [];
  const names = keys.filter((key) => typeof key === 'string');
  const seen = new Set<string>();
  for (const key of names) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const field = `${path}.items.properties[${key}]`;
    if (type === 'object') {
      if (!isJsonObject(property)) yield invalid(keysField, names, 'entries must all be names of item properties');
      else if (['array', 'object'].includes(typeOf(property))) {
        yield invalid(`${field}.type`, type, "must be a scalar type if parent array's x-kubernetes-list-type is map");
      }
      if (seen.has(key)) yield invalid(keysField, names, 'must not contain duplicate entries');
      seen.add(key);
    }
    if (!isJsonObject(property)) continue;
    if (!requiredKeys.includes(key) && (property['default'] ?? undefined) === undefined) {
      const detail =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      yield required(`${field}.default`, detail);
    }
    if (property['nullable'] === true) {
      yield forbidden(`${field}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable');
    }
  }
}
