import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject, stringifyJson } from '../core/index.ts';

const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'string'],
  ['integer', 'integer'],
  ['number', 'float'],
  ['boolean', 'boolean'],
  ['object', 'object'],
]);

/** Keywords of JSON Schema that are also SimpleSchema markers. */
const MARKERS = ['default', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'pattern', 'enum'];
/**
 * The other keywords by which a JSON schema is recognised. Of these keywords, the line uses only the type, the type of
 * the items and `required`.
 */
const OTHER_KEYWORDS = [
  'type',
  'description',
  'required',
  'format',
  'items',
  'properties',
  'nullable',
  'example',
  'title',
];

/**
 * The SimpleSchema line for the JSON schema of one field. The line omits descriptions, formats, nullability and the
 * properties of an object. `undefined` if the object is not a JSON schema of one field.
 */
export function fieldLine(schema: JsonObject): string | undefined {
  const keys = Object.keys(schema);
  if (keys.length < 2 || keys.some((key) => !MARKERS.includes(key) && !OTHER_KEYWORDS.includes(key))) return undefined;
  const type = typeText(schema);
  if (type === undefined) return undefined;
  const markers = MARKERS.flatMap((key) => {
    const value = Object.hasOwn(schema, key) ? schema[key] : undefined;
    return value === undefined ? [] : [`${key}=${markerText(value, key)}`];
  });
  const required = schema['required'] === true ? ['required=true'] : [];
  const all = [...required, ...markers];
  return all.length === 0 ? type : `${type} | ${all.join(' ')}`;
}

function typeText({ type, items }: JsonObject): string | undefined {
  if (type !== 'array') return typeof type === 'string' ? TYPES.get(type) : undefined;
  const item = isJsonObject(items) && typeof items['type'] === 'string' ? TYPES.get(items['type']) : undefined;
  return item === undefined ? undefined : `[]${item}`;
}

function markerText(value: JsonValue, key: string): string {
  if (key === 'enum' && Array.isArray(value)) return `"${value.map(String).join(',')}"`;
  return stringifyJson(value);
}
