import { type JsonValue, stringifyJson, nearestName } from '@typekro/kit/core';
import type { Schema } from './model.ts';

/** The information that a schema has about a field. */
export interface FieldDescription {
  readonly type: string;
  readonly required: boolean;
  readonly default?: JsonValue;
  readonly description?: string;
  /** The format, allowed values, bounds, pattern and rules, one string per restriction. */
  readonly validation: readonly string[];
}

/** A field inside an explained field. */
export interface MemberFacts extends FieldDescription {
  readonly name: string;
}

/** The schema at the end of a path of field names, or the first name that does not exist. */
export type FieldLookup =
  | { readonly ok: true; readonly schema: Schema; readonly required: boolean }
  | {
      readonly ok: false;
      readonly at: readonly string[];
      readonly name: string;
      readonly near: string | undefined;
      readonly known: readonly string[];
    };

/**
 * Follows field names through a schema. The names contain no indices: `spec`, `containers`, `image` denotes a field of
 * the items of `spec.containers`. Inside a map, every name is a key.
 */
export function findField(root: Schema, names: readonly string[]): FieldLookup {
  let schema = root;
  let required = false;
  for (const [index, name] of names.entries()) {
    schema = itemOf(schema);
    const properties = schema.properties ?? {};
    const values = schema.additionalProperties;
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const next = own ?? (typeof values === 'object' ? values : undefined);
    if (next === undefined) {
      const known = Object.keys(properties);
      return { ok: false, at: names.slice(0, index), name, near: nearestName(name, known), known };
    }
    required = own !== undefined && schema.required?.includes(name) === true;
    schema = next;
  }
  return { ok: true, schema, required };
}

/** Returns the schema of the items of a list (or of a list of lists). Returns any other schema unchanged. */
export function itemOf(schema: Schema): Schema {
  let inner = schema;
  // The limit ends the loop for a recursive schema that is its own item schema.
  for (let depth = 0; depth < 8 && inner.items !== undefined; depth += 1) inner = inner.items;
  return inner;
}

/** Describes a field by its schema. */
export function factsOf(schema: Schema, required: boolean, description = schema.description): FieldDescription {
  const text = description?.trim() ?? '';
  return {
    type: typeText(schema),
    required,
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(text === '' ? {} : { description: text }),
    validation: validationOf(schema),
  };
}

/** Describes the fields of an object, or of the items of a list. */
export function membersOf(schema: Schema, describe: (name: string) => string | undefined): MemberFacts[] {
  const item = itemOf(schema);
  return Object.entries(item.properties ?? {}).map(([name, member]) => ({
    name,
    ...factsOf(member, item.required?.includes(name) === true, describe(name) ?? member.description),
  }));
}

/** Formats a schema's type: `integer`, `[]string`, `map[string]object`. */
export function typeText(schema: Schema, depth = 0): string {
  if (depth > 8) return 'any';
  const { type, items, additionalProperties, format } = schema;
  if (schema['x-kubernetes-int-or-string'] === true || format === 'int-or-string') return 'integer or string';
  if (type === 'array') return `[]${items === undefined ? 'any' : typeText(items, depth + 1)}`;
  if (type === 'object' && typeof additionalProperties === 'object' && schema.properties === undefined) {
    return `map[string]${typeText(additionalProperties, depth + 1)}`;
  }
  if (type !== undefined) return type;
  const alternatives = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].flatMap((each) => each.type ?? []);
  return alternatives.length > 0 ? [...new Set(alternatives)].join(' or ') : 'any';
}

const BOUNDS: readonly (readonly [name: keyof Schema, words: string])[] = [
  ['minimum', 'at least'],
  ['maximum', 'at most'],
  ['multipleOf', 'a multiple of'],
  ['minLength', 'characters, at least'],
  ['maxLength', 'characters, at most'],
  ['pattern', 'matches'],
  ['minItems', 'items, at least'],
  ['maxItems', 'items, at most'],
  ['minProperties', 'keys, at least'],
  ['maxProperties', 'keys, at most'],
];

function validationOf(schema: Schema): string[] {
  const bounds = BOUNDS.flatMap(([name, words]) => {
    const value = schema[name];
    if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return [];
    const isExclusive =
      (name === 'minimum' && schema.exclusiveMinimum === true) ||
      (name === 'maximum' && schema.exclusiveMaximum === true);
    const text = isExclusive ? (name === 'minimum' ? 'more than' : 'less than') : words;
    return [`${text} ${String(value)}`];
  });
  const values = schema.enum === undefined ? [] : [`one of ${schema.enum.map((value) => valueText(value)).join(', ')}`];
  const rules = (schema['x-kubernetes-validations'] ?? []).map(({ rule, message }) =>
    message === undefined ? rule : `${rule} (${message})`,
  );
  const list = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const merging =
    list === 'set' ? ['no item twice'] : list === 'map' ? [`one item for each ${keys.join(' and ')}`] : [];
  const nullable = schema.nullable === true ? ['may be null'] : [];
  const { format } = schema;
  const formats = format === undefined || /^(?:int|double|float)/.test(format) ? [] : [`format ${format}`];
  return [...formats, ...values, ...bounds, ...merging, ...nullable, ...rules];
}

/** Formats a value as YAML on one line. */
export function valueText(value: JsonValue): string {
  return typeof value === 'string' && /^[\w./-]+$/.test(value) ? value : stringifyJson(value);
}

/** The names of a path without indices: `spec`, `ports`, `name` for `spec.ports[0].name`. */
export function namesIn(path: string): string[] {
  return path
    .replaceAll(/\[(?:\d+|\*)?\]/g, '')
    .split('.')
    .filter((name) => name !== '');
}

/** What a schema says about its fields. */
export const FieldDescription = { of: factsOf, find: findField, membersOf, namesIn, typeText, valueText };
