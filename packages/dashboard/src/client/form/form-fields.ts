import { type JsonObject, type JsonValue, isJsonObject, stringifyJson } from '@typekro/kit/core';

/** A field of the form that makes an instance. */
export interface FormField {
  /** The path of the field in the spec. */
  readonly path: readonly string[];
  readonly name: string;
  /** `json`: the form has no control for the type, and the user writes JSON. */
  readonly control: 'text' | 'number' | 'switch' | 'choice' | 'list' | 'map' | 'section' | 'json';
  readonly type: string;
  readonly required: boolean;
  readonly description?: string;
  /** The default as the user would write it. */
  readonly defaultText?: string;
  /** Maps the text that the form shows for a choice to the value. An empty string is shown as `""`. */
  readonly choices: ReadonlyMap<string, JsonValue>;
  /** Rules in short words: `at least 1`. */
  readonly rules: readonly string[];
  /** The fields of a section. */
  readonly fields: readonly FormField[];
  /** The field of a row of a list or map, by the number of the row. Absent for any other control. */
  readonly row?: (index: number) => FormField;
  /**
   * Is the field a row? An empty text input of a row is an empty string, and the empty text input of any other field is
   * no value.
   */
  readonly isRow: boolean;
}

/** The type of a value that is an integer or a string, such as a port. */
export const INT_OR_STRING = 'integer or string';

/** Lists and objects at this depth or below it are written as JSON. */
const MAX_DEPTH = 6;

/**
 * The fields of an OpenAPI schema. The required fields come first. Both groups of fields keep the order of the schema.
 */
export function formFields(schema: JsonObject, path: readonly string[] = []): FormField[] {
  const properties = objectAt(schema, 'properties');
  const required = new Set(listAt(schema, 'required'));
  const fields = Object.entries(properties).flatMap(([name, property]) =>
    isJsonObject(property) ? [formField(property, [...path, name], required.has(name))] : [],
  );
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

function formField(schema: JsonObject, path: readonly string[], required: boolean, isRow = false): FormField {
  const control = controlOf(schema, path.length);
  const { description, default: defaultValue } = schema;
  return {
    path,
    name: path.at(-1) ?? '',
    control,
    type: simpleSchemaType(schema),
    required: required && defaultValue === undefined,
    ...(typeof description === 'string' ? { description } : {}),
    ...(defaultValue === undefined ? {} : { defaultText: textOf(defaultValue) }),
    choices: new Map(listAt(schema, 'enum').map((value) => [textOf(value), value])),
    rules: rulesOf(schema),
    fields: control === 'section' ? formFields(schema, path) : [],
    ...(control === 'list' || control === 'map' ? { row: (index) => rowField(schema, path, index) } : {}),
    isRow,
  };
}

function rowField(schema: JsonObject, path: readonly string[], index: number): FormField {
  const of = objectAt(schema, schema['type'] === 'array' ? 'items' : 'additionalProperties');
  return formField(of, [...path, `${index}`], true, true);
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
      return depth < MAX_DEPTH ? 'list' : 'json';
    case 'object':
      if (depth >= MAX_DEPTH) return 'json';
      if (Object.keys(objectAt(schema, 'properties')).length > 0) return 'section';
      return isJsonObject(schema['additionalProperties']) ? 'map' : 'json';
    default:
      return schema['x-kubernetes-int-or-string'] === true ? 'text' : 'json';
  }
}

/** The type as the simple schema of a definition writes it: `[]string`, `map[string]integer`. */
export function simpleSchemaType(schema: JsonObject): string {
  const { type } = schema;
  if (type === 'array') return `[]${simpleSchemaType(objectAt(schema, 'items'))}`;
  const values = schema['additionalProperties'];
  if (type === 'object' && isJsonObject(values)) return `map[string]${simpleSchemaType(values)}`;
  if (schema['x-kubernetes-int-or-string'] === true) return INT_OR_STRING;
  return typeof type === 'string' ? type : 'any';
}

const counted = (value: string, noun: string): string => `${value} ${noun}${value === '1' ? '' : 's'}`;

const RULES: readonly (readonly [string, (value: string) => string])[] = [
  ['minimum', (value) => `at least ${value}`],
  ['maximum', (value) => `at most ${value}`],
  ['minLength', (value) => `at least ${counted(value, 'character')}`],
  ['maxLength', (value) => `at most ${counted(value, 'character')}`],
  ['pattern', (value) => `matches ${value}`],
  ['minItems', (value) => `at least ${counted(value, 'item')}`],
  ['maxItems', (value) => `at most ${counted(value, 'item')}`],
  ['format', (value) => value],
];

function rulesOf(schema: JsonObject): string[] {
  return RULES.flatMap(([name, text]) => {
    const value = schema[name];
    return value === undefined || value === null ? [] : [text(textOf(value))];
  });
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' && value !== '' ? value : stringifyJson(value);
}

function objectAt(schema: JsonObject, name: string): JsonObject {
  const value = schema[name];
  return isJsonObject(value) ? value : {};
}

function listAt(schema: JsonObject, name: string): readonly JsonValue[] {
  const value = schema[name];
  return Array.isArray(value) ? value : [];
}
