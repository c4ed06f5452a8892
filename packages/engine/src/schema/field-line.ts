import { type JsonObject, type JsonValue, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { enumText, quoteDefault, quoteMarker } from './simple/simple-lexer.ts';

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
 * The SimpleSchema line for the JSON schema of one field. The line omits the title, the description, the example, the
 * format and the nullability, the properties of an object with their list `required`, and everything but the type of
 * list items. `undefined` if the object is not a JSON schema of one field, or has enum values that the `enum` marker
 * cannot list.
 */
export function fieldLine(schema: JsonObject): string | undefined {
  const keys = Object.keys(schema);
  if (keys.length < 2 || keys.some((key) => !MARKERS.includes(key) && !OTHER_KEYWORDS.includes(key))) return undefined;
  const type = typeText(schema);
  if (type === undefined) return undefined;
  const markers = schema['required'] === true ? ['required=true'] : [];
  for (const key of MARKERS) {
    const value = Object.hasOwn(schema, key) ? schema[key] : undefined;
    if (value === undefined || value === null) continue;
    const text = markerText(value, key, schema['type']);
    if (text === undefined) return undefined;
    markers.push(`${key}=${text}`);
  }
  return markers.length === 0 ? type : `${type} | ${markers.join(' ')}`;
}

function typeText({ type, items }: JsonObject): string | undefined {
  if (type !== 'array') return typeof type === 'string' ? TYPES.get(type) : undefined;
  const item = isJsonObject(items) && typeof items['type'] === 'string' ? TYPES.get(items['type']) : undefined;
  return item === undefined ? undefined : `[]${item}`;
}

/** The value of a marker; `undefined` for enum values that the marker cannot list. */
function markerText(value: JsonValue, key: string, type: JsonValue | undefined): string | undefined {
  if (key === 'enum') {
    const values = Array.isArray(value) ? value.filter((each) => each !== null) : [];
    return enumText(type, values);
  }
  if (typeof value !== 'string') return stringifyJson(value);
  return key === 'default' && type === 'string' ? quoteDefault(value) : quoteMarker(value);
}
