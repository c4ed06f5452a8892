import { type DataShape, type ShapeKind, unescapeFieldName } from '@typekro/cel';
import { definedMembers, oncePerObject } from '@typekro/kit/core';
import type { Schema } from './model.ts';

const FORMATS: ReadonlyMap<string | undefined, ShapeKind> = new Map([
  ['byte', 'bytes'],
  ['date', 'date'],
  ['date-time', 'date-time'],
  ['duration', 'duration'],
]);

const STRING: Schema = { type: 'string' };

/** The schemas of apiVersion, kind and metadata for an embedded resource that does not declare all three completely. */
const EMBEDDED: Readonly<Record<string, Schema>> = {
  apiVersion: STRING,
  kind: STRING,
  metadata: { type: 'object', properties: { name: STRING, generateName: STRING } },
};

/** Is the schema an int-or-string? CRDs mark such a schema with an extension, and built-in kinds with a format. */
export function isIntOrString(schema: Schema): boolean {
  return schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string';
}

/**
 * The schema of a property; undefined for an undeclared property. An embedded resource also has apiVersion, kind and
 * metadata. Unless its schema declares apiVersion and kind as strings, and metadata with properties, the schemas of all
 * three come from `EMBEDDED`.
 */
export function propertyOf(schema: Schema, name: string): Schema | undefined {
  const { properties } = schema;
  if (schema['x-kubernetes-embedded-resource'] === true && Object.hasOwn(EMBEDDED, name)) {
    const complete =
      properties !== undefined &&
      properties.kind?.type === 'string' &&
      properties.apiVersion?.type === 'string' &&
      properties.metadata?.properties !== undefined;
    if (!complete) return EMBEDDED[name];
  }
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** Names of the declared properties. An embedded resource also has apiVersion, kind and metadata. */
export function propertyNames(schema: Schema): string[] {
  const names = Object.keys(schema.properties ?? {});
  if (schema['x-kubernetes-embedded-resource'] !== true) return names;
  return [...new Set([...names, ...Object.keys(EMBEDDED)])];
}

/** The schema of the values of an object that is a map. */
export function valuesOf(schema: Schema): Schema | undefined {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/**
 * The shape with which expressions read data of this schema. The shape of a schema node is built on first use and
 * shared.
 */
export const celShape = oncePerObject((schema: Schema): DataShape => {
  const nullable = schema.nullable === true;
  if (isIntOrString(schema)) return { kind: isFree(schema) ? 'any' : 'int-or-string', nullable };
  switch (schema.type) {
    case 'object':
      return objectShape(schema, nullable);
    case 'array':
      return listShape(schema, nullable);
    case 'string':
      return { kind: FORMATS.get(schema.format) ?? 'string', nullable };
    case 'number':
      return { kind: 'double', nullable };
    case 'integer':
      return { kind: 'int', nullable };
    case 'boolean':
      return { kind: 'bool', nullable };
    default:
      return { kind: isFree(schema) ? 'any' : 'none', nullable };
  }
});

function objectShape(schema: Schema, nullable: boolean): DataShape {
  if (schema['x-kubernetes-embedded-resource'] === true || schema.properties !== undefined) {
    const property = (name: string) => {
      const found = propertyOf(schema, name);
      return found === undefined ? undefined : celShape(found);
    };
    // Only declared fields are cached, so that names in untrusted data cannot grow the map.
    const known = new Map<string, { readonly name: string; readonly shape: DataShape }>();
    const field = (written: string) => {
      let found = known.get(written);
      if (found !== undefined) return found;
      const name = unescapeFieldName(written);
      const shape = name === undefined ? undefined : property(name);
      if (name === undefined || shape === undefined) return undefined;
      found = { name, shape };
      known.set(written, found);
      return found;
    };
    return { kind: 'object', nullable, property, field };
  }
  const values = valuesOf(schema);
  if (values !== undefined) return { kind: 'map', nullable, element: () => celShape(values) };
  return { kind: 'free-object', nullable };
}

function listShape(schema: Schema, nullable: boolean): DataShape {
  const { items } = schema;
  if (items === undefined) return { kind: 'none', nullable };
  const listType = schema['x-kubernetes-list-type'];
  const mapKeys = schema['x-kubernetes-list-map-keys'];
  return { kind: 'list', nullable, element: () => celShape(items), ...definedMembers({ listType, mapKeys }) };
}

/** Do expressions read the value as `dyn`? True for preserve-unknown-fields and for quantities (string or number). */
function isFree(schema: Schema): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  const types = new Set((schema.oneOf ?? []).map((option) => option.type));
  return schema.oneOf?.length === 2 && types.has('string') && types.has('number');
}
