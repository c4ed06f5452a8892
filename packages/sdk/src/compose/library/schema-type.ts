import { type JsonValue, jsonEquals, setOwn, oncePerObject } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import type { Field, StaticType } from '../ir/types.ts';
import { BOOL, DYN, FLOAT, INTEGER, listOf, mapOf, NumberType, STRING } from '../ir/types.ts';

/** The static type of a spec's schema. Numbers that may be integers or doubles stay open until they are used. */
export const specType: (schema: Schema) => StaticType = oncePerObject((schema) => convert(schema, specType, true));

/** The static type of a part of a resource. */
export const resourceType: (schema: Schema) => StaticType = oncePerObject((schema) =>
  convert(schema, resourceType, false),
);

function convert(given: Schema, inner: (schema: Schema) => StaticType, spec: boolean): StaticType {
  const schema = spec ? withAllFields(given) : given;
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string') return DYN;
  switch (schema.type ?? typeOfValues(schema)) {
    case 'string':
      return stringType(schema, spec);
    case 'integer':
      return INTEGER;
    case 'number':
      return spec ? { kind: 'number', number: new NumberType('open') } : FLOAT;
    case 'boolean':
      return BOOL;
    case 'array':
      return listType(schema, inner, spec);
    case 'object':
      return objectType(schema, inner);
    default:
      return schema.properties === undefined ? DYN : objectType(schema, inner);
  }
}

function stringType(schema: Schema, spec: boolean): StaticType {
  const values = schema.enum?.filter((value) => typeof value === 'string');
  if (values !== undefined && values.length > 0) return { kind: 'string', values };
  if (spec) return STRING;
  if (schema.format === 'date-time' || schema.format === 'date') return { kind: 'timestamp' };
  if (schema.format === 'byte') return { kind: 'bytes' };
  return schema.format === 'duration' ? { kind: 'duration' } : STRING;
}

/** The type of an enumeration whose schema has no `type`. */
function typeOfValues(schema: Schema): string | undefined {
  const kinds = new Set((schema.enum ?? []).map((value) => typeof value));
  if (kinds.size !== 1) return undefined;
  const kind = [...kinds][0];
  return kind === 'number' ? (schema.enum?.every(Number.isInteger) === true ? 'integer' : 'number') : kind;
}

function listType(schema: Schema, inner: (schema: Schema) => StaticType, spec: boolean): StaticType {
  const element = schema.items === undefined ? DYN : inner(schema.items);
  const kind = schema['x-kubernetes-list-type'];
  const minItems = Number(schema.minItems ?? 0);
  const least = minItems > 0 && { minItems };
  if (!spec && (kind === 'set' || kind === 'map')) return { kind: 'list', element, merges: true, ...least };
  return least === false ? listOf(element) : { kind: 'list', element, ...least };
}

/**
 * The schema of an object with the fields of all its alternatives, as the definition will have it. A field that the
 * alternatives declare differently has values of any type.
 */
function withAllFields(schema: Schema): Schema {
  const branches = schema.anyOf ?? schema.oneOf ?? [];
  const isObject = ({ type = schema.type, properties }: Schema) => type === 'object' && properties !== undefined;
  if (schema.properties !== undefined || branches.length === 0 || !branches.every(isObject)) return schema;
  const properties: Record<string, Schema> = {};
  for (const branch of branches)
    for (const [name, field] of Object.entries(branch.properties ?? {})) {
      const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
      setOwn(properties, name, known === undefined ? field : joined(known, field));
    }
  const required = Object.keys(properties).filter((name) =>
    branches.every((branch) => branch.required?.includes(name)),
  );
  return { ...schema, type: 'object', properties, required };
}

function joined(a: Schema, b: Schema): Schema {
  if (a.type !== b.type || a.type === undefined) return {};
  if (Array.isArray(a.enum) && Array.isArray(b.enum)) return { ...a, enum: [...a.enum, ...b.enum] };
  const isScalar = a.type !== 'object' && a.type !== 'array';
  return isScalar ? { type: a.type } : jsonEquals(a as JsonValue, b as JsonValue) ? a : {};
}

function objectType(schema: Schema, inner: (schema: Schema) => StaticType): StaticType {
  const { properties, additionalProperties } = schema;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (properties === undefined || Object.keys(properties).length === 0) {
    if (typeof additionalProperties === 'object') return mapOf(inner(additionalProperties));
    return additionalProperties === true ? mapOf(DYN) : DYN;
  }
  const required = new Set(schema.required);
  const fields = new Map<string, Field>();
  const field = (name: string): Field | undefined => {
    let found = fields.get(name);
    if (found === undefined && Object.hasOwn(properties, name)) {
      const property = properties[name] as Schema;
      const given = required.has(name) || property.default !== undefined;
      // In the API, null and a missing value are the same. Therefore a nullable field may be missing.
      const nullable = property.nullable === true && { missing: given ? ('null' as const) : ('either' as const) };
      found = { type: inner(property), required: given && !nullable, ...nullable };
      fields.set(name, found);
    }
    return found ?? (open ? { type: DYN, required: false } : undefined);
  };
  const alternatives = schema.anyOf ?? schema.oneOf;
  const names = () => Object.keys(properties);
  return { kind: 'object', field, names, open, ...(alternatives && { alternatives }) };
}
