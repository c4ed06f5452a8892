import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { quoteForAuthor } from '@typekro/sdk/javascript';
import type { Schema } from '@typekro/engine/schema';
import { type Code, call, methodCode, objectCode, printCode, stringCode, textCode } from './code.ts';
import { dataCode } from './data-code.ts';

/**
 * Converts a schema to the argument of arktype's `type()`. Returns `undefined` when arktype cannot express a part of
 * the schema exactly, such as a CEL rule, a pattern together with a length, or `x-kubernetes-list-type`.
 */
export function arktypeObject(schema: Schema): Code | undefined {
  const { properties = {}, required = [] } = schema;
  if (!hasOnly(schema, ['type', 'properties', 'required', 'default', 'description'])) return undefined;
  const members = Object.entries(properties).map(([name, field]) => memberOf(name, field, required.includes(name)));
  return members.every((each) => each !== undefined) ? objectCode(members) : undefined;
}

function memberOf(name: string, schema: Schema, isRequired: boolean): readonly [string, Code] | undefined {
  // A name with these characters has another meaning in arktype.
  if (name.endsWith('?') || name.startsWith('[') || name === '...' || name === '+' || name.includes('\\')) {
    return undefined;
  }
  const { default: fallback, description, ...plain } = schema;
  const value = typeOf(plain);
  if (value === undefined || (fallback !== undefined && isRequired)) return undefined;
  const described = description === undefined ? value : methodCode(asType(value), 'describe', stringCode(description));
  if (description !== undefined && description !== description.trim()) return undefined;
  if (fallback === undefined) return [isRequired ? name : `${name}?`, described];
  const withDefault = defaultOf(described, fallback);
  return withDefault === undefined ? undefined : [name, withDefault];
}

/** Adds a default to a type, in a single arktype string if possible. */
function defaultOf(value: Code, fallback: JsonValue): Code | undefined {
  if (typeof fallback === 'object' && fallback !== null) {
    return methodCode(asType(value), 'default', textCode(`() => ${wrapped(dataCode(fallback))}`));
  }
  if (fallback === null) return undefined;
  const word = typeof fallback === 'string' ? arkText(fallback) : String(fallback);
  const words = wordsOf(value);
  // An arktype string cannot contain both a bound and a default.
  const isOpen = words !== undefined && !/[<>]/.test(words);
  if (isOpen && word !== undefined) return stringCode(`${words} = ${word}`);
  return methodCode(asType(value), 'default', dataCode(fallback));
}

/** Prints data as the body of an arrow function: an object literal is in parentheses. */
const wrapped = (data: Code): string => {
  const printed = printCode(data, 0);
  return printed.startsWith('{') ? `(${printed})` : printed;
};

/** Quotes a string as an arktype literal. Returns `undefined` for a string that such a literal cannot contain. */
const arkText = (value: string): string | undefined => (/^[^'"\\`\p{Cc}]*$/u.test(value) ? `'${value}'` : undefined);

/** Returns the arktype string of a type; undefined for a type that is not a single string literal. */
function wordsOf(value: Code): string | undefined {
  return value.kind === 'text' && value.words !== undefined ? value.words : undefined;
}

/** Wraps an arktype definition in `type(…)`, so that methods can be called on it. */
const asType = (value: Code): Code => (value.kind === 'call' || value.kind === 'method' ? value : call('type', value));

function typeOf(schema: Schema): Code | undefined {
  switch (schema.type) {
    case 'string':
      return stringType(schema);
    case 'integer':
      return hasOnly(schema, ['type', 'minimum', 'maximum']) ? words(bounds('number.integer', schema)) : undefined;
    case 'number':
      return hasOnly(schema, ['type', 'minimum', 'maximum']) ? words(bounds('number', schema)) : undefined;
    case 'boolean':
      return hasOnly(schema, ['type']) ? words('boolean') : undefined;
    case 'array':
      return listType(schema);
    case 'object':
      return objectType(schema);
    default:
      return undefined;
  }
}

const words = (value: string): Code => ({ kind: 'text', text: quoteForAuthor(value), isString: true, words: value });

function bounds(name: string, { minimum, maximum }: Pick<Schema, 'minimum' | 'maximum'>): string {
  if (minimum === undefined) return maximum === undefined ? name : `${name} <= ${maximum}`;
  return maximum === undefined ? `${name} >= ${minimum}` : `${minimum} <= ${name} <= ${maximum}`;
}

function stringType(schema: Schema): Code | undefined {
  const { enum: values, pattern, minLength: minimum, maxLength: maximum } = schema;
  if (!hasOnly(schema, ['type', 'enum', 'pattern', 'minLength', 'maxLength'])) return undefined;
  if (values !== undefined) {
    const texts = values.map((each) => (typeof each === 'string' ? arkText(each) : undefined));
    if (pattern !== undefined || minimum !== undefined || maximum !== undefined || texts.includes(undefined)) {
      return undefined;
    }
    return words(texts.join(' | '));
  }
  if (pattern === undefined) return words(bounds('string', sizes(minimum, maximum)));
  if (minimum !== undefined || maximum !== undefined || !/^[^\n\r\\/[\]]*$/.test(pattern) || pattern === '') {
    return undefined;
  }
  return textCode(`/${pattern}/`);
}

function sizes(minimum: Schema['minLength'], maximum: Schema['maxLength']): Pick<Schema, 'minimum' | 'maximum'> {
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
}

function listType(schema: Schema): Code | undefined {
  const { items, minItems, maxItems } = schema;
  if (items === undefined || !hasOnly(schema, ['type', 'items', 'minItems', 'maxItems'])) return undefined;
  if (items.default !== undefined || items.description !== undefined) return undefined;
  const item = typeOf(items);
  if (item === undefined) return undefined;
  const inner = wordsOf(item);
  if (inner !== undefined && /^[a-z.]+(?:\[\])*$/.test(inner)) {
    return words(bounds(`${inner}[]`, sizes(minItems, maxItems)));
  }
  const list = methodCode(asType(item), 'array');
  const withMinimum = minItems === undefined ? list : methodCode(list, 'atLeastLength', textCode(String(minItems)));
  return maxItems === undefined ? withMinimum : methodCode(withMinimum, 'atMostLength', textCode(String(maxItems)));
}

function objectType(schema: Schema): Code | undefined {
  const { properties, additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    if (properties !== undefined || !hasOnly(schema, ['type', 'additionalProperties'])) return undefined;
    if (additionalProperties.default !== undefined || additionalProperties.description !== undefined) return undefined;
    const value = typeOf(additionalProperties);
    return value === undefined ? undefined : objectCode([['[string]', value]]);
  }
  if (properties !== undefined) return arktypeObject(schema);
  const isOpen = hasOnly(schema, ['type', 'x-kubernetes-preserve-unknown-fields', 'additionalProperties']);
  return isOpen ? words('object') : undefined;
}

function hasOnly(schema: Schema, known: readonly (keyof Schema)[]): boolean {
  return Object.entries(schema).every(([name, value]) => value === undefined || known.some((each) => each === name));
}

/** Converts a schema to JSON Schema, for specs that arktype cannot describe. */
export function jsonSchemaCode(schema: Schema): Code {
  const data = JSON.parse(JSON.stringify(schema)) as JsonValue;
  return dataCode(isJsonObject(data) ? data : {});
}
