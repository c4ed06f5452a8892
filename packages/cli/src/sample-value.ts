import { type JsonObject, type JsonValue, setOwn } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';

/** The maximum depth of a sample. */
const MAX_DEPTH = 20;

/** The maximum length of a string in a sample. The minimum length in a schema can exceed the maximum of JavaScript. */
const MAX_TEXT_LENGTH = 4096;

/**
 * The fields that a sample contains. `withoutDefaults`: the fields without a default. `required`: the required fields,
 * with their defaults as values if they have any.
 */
export type SampleFields = 'required' | 'withoutDefaults';

/**
 * Makes a value for a schema. The value has the right types, the required fields, an allowed value of an enum, and a
 * number or length within the bounds. It can violate `pattern`, `format`, `exclusiveMaximum`, `multipleOf` and
 * `uniqueItems`. A list has at most 10 items, and a string at most 4096 characters. A string is made from the name of
 * its field. Returns `undefined` when no field remains with `withoutDefaults`.
 */
export function sampleValue(schema: Schema, name: string, fields: SampleFields, depth = 0): JsonValue | undefined {
  if (schema.default !== undefined) {
    if (fields === 'required') return schema.default;
    // kro gives an object a default if one of its fields has a default. Other fields of this object can lack a default.
    if (schema.type !== 'object') return undefined;
  }
  const [first] = schema.enum ?? [];
  if (first !== undefined) return first;
  switch (schema.type) {
    case 'string':
      return sampleText(schema, name);
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'boolean':
      return false;
    case 'array':
      return sampleList(schema, name, fields, depth);
    case 'object':
      return sampleObject(schema, fields, depth);
    default:
      if (schema['x-kubernetes-int-or-string'] === true) return 1;
      return fields === 'required' ? 'example' : undefined;
  }
}

function sampleText({ minLength = 0, maxLength }: Schema, name: string): string {
  const text = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll(/[^a-z0-9-]/g, '');
  const length = Math.min(Number(minLength), MAX_TEXT_LENGTH);
  return (text === '' || text === 'name' ? 'example' : text)
    .padEnd(length, 'x')
    .slice(0, Number(maxLength ?? Math.max(length, 63)));
}

function sampleNumber({ minimum, maximum, exclusiveMinimum }: Schema): number {
  const low = minimum === undefined ? 1 : Number(minimum) + (exclusiveMinimum === true ? 1 : 0);
  return maximum === undefined ? low : Math.min(Math.max(low, 1), Number(maximum));
}

function sampleList(
  { items = {}, minItems = 0 }: Schema,
  name: string,
  fields: SampleFields,
  depth: number,
): JsonValue[] {
  if (depth >= MAX_DEPTH) return [];
  const count = Math.min(Number(minItems), 10);
  return Array.from({ length: count }, (_, index) => sampleValue(items, `${name}${index}`, fields, depth + 1) ?? null);
}

function sampleObject(schema: Schema, fields: SampleFields, depth: number): JsonObject | undefined {
  const sample: JsonObject = {};
  const members = depth < MAX_DEPTH ? Object.entries(schema.properties ?? {}) : [];
  for (const [key, member] of members) {
    const isRequired = schema.required?.includes(key) === true;
    if (fields === 'required' && !isRequired) continue;
    // A required field must be present even if its value is an empty object.
    const isNeeded = isRequired && member.default === undefined;
    const value =
      sampleValue(member, key, fields, depth + 1) ??
      (isNeeded ? sampleValue(member, key, 'required', depth + 1) : undefined);
    if (value !== undefined) setOwn(sample, key, value);
  }
  return fields === 'withoutDefaults' && Object.keys(sample).length === 0 ? undefined : sample;
}
