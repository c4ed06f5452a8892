import type { Diagnostic, JsonObject, JsonValue } from '@typekro/kit/core';
import { commonJson, getOwn, isJsonObject, nearestName, stringifyJson } from '@typekro/kit/core';
import { asList, asObject, asTexts } from '@typekro/kit/kubernetes';
import type { Schema } from '@typekro/engine/schema';

/** The member with which the readers of schema libraries mark a part that has no form in JSON Schema. */
export const UNSUPPORTED = 'x-typekro-unsupported';
/** The member of a part that is refused: an object with the code, the message and the hint of the error. */
export const REFUSED = 'x-typekro-refused';
/** The member with the positions of the checks that the author of a library's type wrote as functions. */
export const CHECKS = 'x-typekro-checks';
/** The member that marks a string that the library changes, for example with `trim()`. */
export const TRANSFORMED = 'x-typekro-transformed';
/** The member that marks an object whose library drops or refuses undeclared members. */
export const CLOSED = 'x-typekro-closed';
/** The member that has a list of warnings about a part. */
export const NOTES = 'x-typekro-notes';
/** The member that marks the value `undefined`, which JSON Schema cannot express. */
export const ABSENT = 'x-typekro-absent';

/** Keywords of JSON Schema and OpenAPI that do not restrict values. */
export const ANNOTATIONS: readonly string[] = (
  '$anchor $comment $defs $id $schema contentMediaType contentSchema default definitions deprecated description ' +
  'discriminator example examples externalDocs readOnly title writeOnly xml'
).split(' ');

/** Keywords that restrict values but cannot be expressed in a structural schema. */
export const IGNORED: readonly string[] =
  'not if contains dependentRequired dependentSchemas dependencies unevaluatedItems'.split(' ');

/** A schema; `true` allows each value and `false` none. */
export const asSchema = (value: JsonValue): JsonObject =>
  isJsonObject(value) ? value : value === false ? { not: {} } : {};

export const isEmpty = (value: JsonValue | undefined): boolean =>
  isJsonObject(value) && Object.keys(value).length === 0;

/** Does an alternative only state which fields are required? */
export const onlyRequires = (entry: JsonObject): boolean =>
  Object.keys(entry).every((name) => name === 'required' || name === 'type' || ANNOTATIONS.includes(name));

/** Does an alternative only list its values? */
export const onlyLists = (entry: JsonObject): boolean =>
  (entry['const'] === undefined) !== (entry['enum'] === undefined) &&
  Object.keys(entry).every((name) => ['const', 'enum', 'type'].includes(name) || ANNOTATIONS.includes(name));

/** The types that the keyword `type` lists. */
export const typesOf = (type: JsonValue | undefined): readonly JsonValue[] =>
  typeof type === 'string' ? [type] : asList(type);

/** Does a schema refuse the value null by its own type or constants? */
export function refusesNull({ nullable, type, enum: allowed, const: constant }: JsonObject): boolean {
  if (nullable === true) return false;
  const types = typesOf(type);
  if (types.length > 0 && !types.includes('null')) return true;
  return (Array.isArray(allowed) && !allowed.includes(null)) || (constant !== undefined && constant !== null);
}

/** Does a schema restrict non-null values? Extensions of other programs do not count as restrictions. */
export const restricts = (raw: JsonObject): boolean => Object.keys(raw).some(isRestriction);

const isRestriction = (name: string): boolean =>
  name !== 'nullable' && !ANNOTATIONS.includes(name) && (!name.startsWith('x-') || name.startsWith('x-kubernetes-'));

/**
 * The keywords next to `anyOf` or `oneOf` that restrict all alternatives. `format` is not among them: the format is
 * read together with the alternatives.
 */
export function restrictionsBeside(raw: JsonObject): JsonObject {
  if (Array.isArray(raw['type']) && raw['anyOf'] === undefined && raw['oneOf'] === undefined) return {};
  return Object.fromEntries(Object.entries(raw).filter(([name]) => isRestriction(name) && !NOT_COMMON.has(name)));
}

const NOT_COMMON: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'format', 'unevaluatedProperties', ...IGNORED]);

/** The alternatives of `anyOf`, `oneOf` or a list of types; `undefined` for a schema that is not a union. */
export function alternativesOf(raw: JsonObject): JsonObject[] | undefined {
  const { anyOf, oneOf } = raw;
  if (Array.isArray(anyOf) && Array.isArray(oneOf))
    return anyOf.map((each) => ({ allOf: [asSchema(each), { oneOf }] }));
  const list = Array.isArray(anyOf) ? anyOf : oneOf;
  if (Array.isArray(list)) return list.filter((entry) => entry !== false).map(asSchema);
  const types = raw['type'];
  if (!Array.isArray(types)) return undefined;
  const common: JsonObject = { ...raw };
  for (const name of ['type', 'default', 'description', 'title']) delete common[name];
  return types.map((type) => (type === 'null' ? { type } : { ...common, type }));
}

/** May the member be absent because `undefined` is one of its values? */
export const mayBeAbsent = (raw: JsonObject): boolean =>
  raw[ABSENT] === true || (alternativesOf(raw) ?? []).some((entry) => entry[ABSENT] === true);

/** The type that the keywords of a schema without a type imply. */
export function impliedType(raw: JsonObject): string | undefined {
  if (raw['properties'] !== undefined || raw['additionalProperties'] !== undefined) return 'object';
  if (raw['items'] !== undefined || raw['prefixItems'] !== undefined) return 'array';
  return raw['pattern'] === undefined ? undefined : 'string';
}

/** The properties for an object whose keys are listed in an enum. Each key becomes an optional property. */
export function listedKeys(raw: JsonObject): JsonObject {
  const value = raw['additionalProperties'];
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(asTexts(asObject(raw['propertyNames'])['enum']).map((key) => [key, value]));
}

/** The schemas of the first items of a list, and the schema of the items after them. */
export function tupleOf({ items, prefixItems, additionalItems }: JsonObject): [JsonObject[], JsonValue | undefined] {
  const [listed, after] = Array.isArray(items) ? [items, additionalItems] : [asList(prefixItems), items];
  return [listed.map(asSchema), after];
}

type IsValue = (value: JsonValue) => boolean;

const isNumber: IsValue = (value) => typeof value === 'bigint' || Number.isFinite(value);
const isText: IsValue = (value) => typeof value === 'string';
const isSwitch: IsValue = (value) => typeof value === 'boolean';
const isSchema: IsValue = (value) => isJsonObject(value) || isSwitch(value);
const isListOf = (isEntry: IsValue, value: JsonValue): boolean => Array.isArray(value) && value.every(isEntry);
const isMapOfSchemas: IsValue = (value) =>
  isJsonObject(value) && Object.values(value).every((each) => each === undefined || isSchema(each));
/** The types of JSON Schema. */
export const TYPES: readonly string[] = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'];
/** A remedy for another type. */
export const ONE_TYPE = `one of ${TYPES.join(', ')}`;

/** The keywords with the values that they may have. */
const VALUES: readonly (readonly [names: string, isValue: IsValue, what: string])[] = [
  ['minimum maximum', isNumber, 'a number'],
  ['exclusiveMinimum exclusiveMaximum', (value) => isNumber(value) || isSwitch(value), 'a number'],
  ['multipleOf', (value) => isNumber(value) && Number(value) > 0, 'a number above 0'],
  [
    'minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains',
    (value) => typeof value === 'bigint' || (Number.isInteger(value) && Number(value) >= 0),
    'an integer of at least 0',
  ],
  ['$ref pattern format contentEncoding', isText, 'a string'],
  ['uniqueItems nullable', isSwitch, 'true or false'],
  ['required', (value) => isListOf(isText, value), 'a list of names'],
  ['enum', (value) => Array.isArray(value), 'a list of values'],
  [
    'anyOf oneOf allOf prefixItems',
    (value) => asList(value).length > 0 && isListOf(isSchema, value),
    'a list of schemas',
  ],
  ['items', (value) => isSchema(value) || isListOf(isSchema, value), 'a schema'],
  ['additionalProperties unevaluatedProperties propertyNames additionalItems', isSchema, 'a schema'],
  ['properties patternProperties', isMapOfSchemas, 'an object with schemas'],
  ['type', (value) => isText(value) || isListOf(isText, value), ONE_TYPE],
];

const CHECKED = new Map(VALUES.flatMap(([names, ...check]) => names.split(' ').map((name) => [name, check] as const)));
const KNOWN = new Set([...CHECKED.keys(), ...ANNOTATIONS, ...IGNORED, 'const', 'then', 'else']);

/** A problem of a keyword, with a remedy. */
type KeywordProblem = Pick<Diagnostic, 'message' | 'hint'>;

/** The first keyword whose value has the wrong type. */
export function wrongKeyword(raw: JsonObject): KeywordProblem | undefined {
  for (const [name, value] of Object.entries(raw)) {
    const [isValue, what] = CHECKED.get(name) ?? [];
    if (isValue === undefined || value === undefined || isValue(value)) continue;
    const given = stringifyJson(value);
    const shown = given.length > 60 ? `${given.slice(0, 60)}…` : given;
    return { message: `\`${name}\` is ${shown}, which has no meaning`, hint: `write ${what}` };
  }
  return undefined;
}

/** The warnings for keywords that JSON Schema does not have. */
export function unknownKeywords(raw: JsonObject): KeywordProblem[] {
  const unknown = Object.keys(raw).filter((name) => !KNOWN.has(name) && !/^(?:x-|~)/.test(name));
  return unknown.map((name) => {
    const near = nearestName(name, KNOWN);
    const hint = near === undefined ? 'remove the keyword' : `did you mean ${near}?`;
    return { message: `\`${name}\` is no keyword of JSON Schema and is not enforced`, hint };
  });
}

/** Can no value belong to both schemas? Only types, constants and required members are compared. */
export function haveNoCommonValue(a: Schema, b: Schema): boolean {
  const types = [a.type, b.type].map((type) => (type === 'integer' ? 'number' : type));
  if (types.every((type) => type !== undefined) && types[0] !== types[1]) return true;
  if (a.enum !== undefined && b.enum !== undefined) return commonJson(a.enum, b.enum).length === 0;
  const lacks = (closed: Schema, { required = [] }: Schema): boolean =>
    closed.additionalProperties === false && required.some((name) => !Object.hasOwn(closed.properties ?? {}, name));
  if (lacks(a, b) || lacks(b, a)) return true;
  return [...(a.required ?? []), ...(b.required ?? [])].some((name) => {
    const [left, right] = [a, b].map(({ properties = {} }) => getOwn(properties, name));
    return left?.enum !== undefined && right?.enum !== undefined && haveNoCommonValue(left, right);
  });
}
