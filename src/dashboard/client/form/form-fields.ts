import type { JsonObject, JsonValue } from '../../../core/index.ts';
import { isJsonObject, stringifyJson } from '../../../core/index.ts';

/** A field of the form that makes an instance. */
export interface FormField {
  /** The place of the field in the spec. */
  readonly path: readonly string[];
  readonly name: string;
  /** `json`: the form has no control for the type, and the user writes JSON. */
  readonly control: 'text' | 'number' | 'switch' | 'choice' | 'list' | 'section' | 'json';
  readonly type: string;
  readonly required: boolean;
  readonly description?: string;
  /** The default as the user would write it. */
  readonly defaultText?: string;
  /** The values of a choice. */
  readonly choices: readonly string[];
  /** Rules in short words: `at least 1`. */
  readonly rules: readonly string[];
  /** The fields of a section. */
  readonly fields: readonly FormField[];
}

/** Deeper fields are written as JSON. */
const MAX_DEPTH = 6;

/** The fields of an OpenAPI schema. The required ones come first, in their order. */
export function formFields(schema: JsonObject, path: readonly string[] = []): FormField[] {
  const properties = objectAt(schema, 'properties');
  const required = new Set(listAt(schema, 'required'));
  const fields = Object.entries(properties).flatMap(([name, property]) =>
    isJsonObject(property) ? [formField(property, [...path, name], required.has(name))] : [],
  );
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

function formField(schema: JsonObject, path: readonly string[], required: boolean): FormField {
  const control = controlOf(schema, path.length);
  const { description, default: defaultValue } = schema;
  return {
    path,
    name: path.at(-1) ?? '',
    control,
    type: typeText(schema),
    required: required && defaultValue === undefined,
    ...(typeof description === 'string' ? { description } : {}),
    ...(defaultValue === undefined ? {} : { defaultText: textOf(defaultValue) }),
    choices: listAt(schema, 'enum'),
    rules: rulesOf(schema),
    fields: control === 'section' ? formFields(schema, path) : [],
  };
}

function controlOf(schema: JsonObject, depth: number): FormField['control'] {
  if (Array.isArray(schema['enum'])) return 'choice';
  switch (schema['type']) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'switch';
    case 'array':
      return isScalar(objectAt(schema, 'items')) ? 'list' : 'json';
    case 'object':
      return depth < MAX_DEPTH && Object.keys(objectAt(schema, 'properties')).length > 0 ? 'section' : 'json';
    default:
      return schema['x-kubernetes-int-or-string'] === true ? 'text' : 'json';
  }
}

function isScalar(schema: JsonObject): boolean {
  return schema['type'] === 'string' || schema['type'] === 'integer' || schema['type'] === 'number';
}

/** The type as the simple schema of a definition writes it: `[]string`, `map[string]integer`. */
export function typeText(schema: JsonObject): string {
  const { type } = schema;
  if (type === 'array') return `[]${typeText(objectAt(schema, 'items'))}`;
  const values = schema['additionalProperties'];
  if (type === 'object' && isJsonObject(values)) return `map[string]${typeText(values)}`;
  return typeof type === 'string' ? type : 'any';
}

const RULES: readonly (readonly [string, (value: string) => string])[] = [
  ['minimum', (value) => `at least ${value}`],
  ['maximum', (value) => `at most ${value}`],
  ['minLength', (value) => `at least ${value} characters`],
  ['maxLength', (value) => `at most ${value} characters`],
  ['pattern', (value) => `matches ${value}`],
  ['minItems', (value) => `at least ${value} items`],
  ['maxItems', (value) => `at most ${value} items`],
  ['format', (value) => value],
];

function rulesOf(schema: JsonObject): string[] {
  return RULES.flatMap(([name, text]) => {
    const value = schema[name];
    return value === undefined || value === null ? [] : [text(textOf(value))];
  });
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}

function objectAt(schema: JsonObject, name: string): JsonObject {
  const value = schema[name];
  return isJsonObject(value) ? value : {};
}

function listAt(schema: JsonObject, name: string): string[] {
  const value = schema[name];
  return Array.isArray(value) ? value.map(textOf) : [];
}
