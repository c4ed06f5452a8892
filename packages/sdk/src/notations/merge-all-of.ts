import { type JsonObject, type JsonValue, commonJson, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { asList, asObject } from '@typekro/kit/kubernetes';
import { ANNOTATIONS, CHECKS, CLOSED, NOTES, refusesNull, TRANSFORMED, typesOf } from './json-schema-members.ts';
import { matchRules } from './regex-flags.ts';

/**
 * Merges two values of a keyword for an intersection; `undefined` if they contradict each other, or if their merge is
 * not supported.
 */
type Merge = (a: JsonValue, b: JsonValue) => JsonValue | undefined;

const greater: Merge = (a, b) => (Number(a) >= Number(b) ? a : b);
const smaller: Merge = (a, b) => (Number(a) <= Number(b) ? a : b);
const either: Merge = (a, b) => a === true || b === true;
const first: Merge = (a) => a;
const all: Merge = (a, b) => [...asList(a), ...asList(b)];
const both: Merge = (a, b) => (isJsonObject(a) && isJsonObject(b) ? { allOf: [a, b] } : undefined);
/** Returns the divisor that is a multiple of the other one; `undefined` if neither is. */
const divisor: Merge = (a, b) => (Number(a) % Number(b) === 0 ? a : Number(b) % Number(a) === 0 ? b : undefined);

const MERGES: ReadonlyMap<string, Merge> = new Map<string, Merge>([
  ['properties', mergeProperties],
  ['required', (a, b) => (Array.isArray(a) && Array.isArray(b) ? [...new Set([...a, ...b])] : undefined)],
  ['minimum', greater],
  ['exclusiveMinimum', greater],
  ['minLength', greater],
  ['minItems', greater],
  ['minProperties', greater],
  ['maximum', smaller],
  ['exclusiveMaximum', smaller],
  ['maxLength', smaller],
  ['maxItems', smaller],
  ['maxProperties', smaller],
  ['uniqueItems', either],
  ['type', mergeType],
  ['enum', (a, b) => (Array.isArray(a) && Array.isArray(b) ? commonJson(a, b) : undefined)],
  ['additionalProperties', (a, b) => both(a, b) ?? (a === false || b === false ? false : isJsonObject(a) ? a : b)],
  ['items', both],
  ['multipleOf', divisor],
  ['allOf', all],
  ['x-kubernetes-validations', all],
  [CHECKS, all],
  [TRANSFORMED, either],
  // A part that drops undeclared members accepts all members that another part accepts.
  [CLOSED, (a, b) => (a === b ? a : 'strip')],
  [NOTES, (a, b) => [...new Set([...asList(a), ...asList(b)])]],
  // The first value stays. The base is merged first, so its annotations take precedence over annotations of the parts.
  ...ANNOTATIONS.map((name): [string, Merge] => [name, first]),
]);

/**
 * Merges all parts of an `allOf` and the keywords next to it into one schema. A second pattern becomes a rule, because
 * a schema can have only one pattern. `undefined` if two parts cannot be merged, for example because they contradict
 * each other.
 */
export function mergeAllOf(base: JsonObject, parts: readonly JsonObject[]): JsonObject | undefined {
  let merged: JsonObject = { ...base };
  for (const part of parts) {
    const next = mergeTwo(merged, part);
    if (next === undefined) return undefined;
    merged = next;
  }
  // Schemas of OpenAPI 3.0 write `nullable` next to an `allOf` whose parts are not nullable.
  return base['nullable'] === true ? { ...merged, nullable: true } : merged;
}

function mergeTwo(first: JsonObject, second: JsonObject): JsonObject | undefined {
  const [a, b] = [restrictMembers(first, second), restrictMembers(second, first)];
  if (a === undefined || b === undefined) return undefined;
  const merged: JsonObject = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const known = Object.hasOwn(merged, name) ? merged[name] : undefined;
    if (value === undefined || name === 'nullable') continue;
    if (known === undefined || jsonEquals(known, value)) {
      merged[name] = value;
    } else if (name === 'pattern' && typeof value === 'string') {
      const rules = matchRules(value).map((rule) => ({ rule }));
      merged['x-kubernetes-validations'] = [...asList(merged['x-kubernetes-validations']), ...rules];
    } else {
      const result = MERGES.get(name)?.(known, value);
      if (result === undefined) return undefined;
      merged[name] = result;
    }
  }
  delete merged['nullable'];
  const isNullable = [first, second].some((part) => part['nullable'] === true);
  if (isNullable && !refusesNull(first) && !refusesNull(second)) merged['nullable'] = true;
  return merged;
}

/**
 * Restricts the properties of a part by the keyword `additionalProperties` of another part. A property that the other
 * part forbids is left out, with a note. Returns `undefined` if one of the two parts requires such a property.
 */
function restrictMembers(part: JsonObject, other: JsonObject): JsonObject | undefined {
  const additional = other['additionalProperties'];
  const isClosed = additional === false;
  if ((!isClosed && !isJsonObject(additional)) || other['patternProperties'] !== undefined) return part;
  const declared = asObject(other['properties']);
  const isAdditional = (name: JsonValue) => typeof name === 'string' && !Object.hasOwn(declared, name);
  const properties = Object.entries(asObject(part['properties']));
  if (!isClosed) {
    if (!properties.some(([name]) => isAdditional(name))) return part;
    const restricted = properties.map(([name, value]): [string, JsonValue | undefined] => [
      name,
      isAdditional(name) && value !== undefined ? intersectionOf(value, additional) : value,
    ]);
    return { ...part, properties: Object.fromEntries(restricted) };
  }
  const required = new Set([...asList(part['required']), ...asList(other['required'])]);
  if (asList(part['required']).some(isAdditional)) return undefined;
  const left = properties.filter(([name]) => isAdditional(name));
  if (left.length === 0) return part;
  if (left.some(([name]) => required.has(name))) return undefined;
  const notes = left.map(
    ([name]) => `the property ${name} is left out, because a part of the intersection allows no additional properties`,
  );
  const kept = properties.filter(([name]) => !isAdditional(name));
  return { ...part, properties: Object.fromEntries(kept), [NOTES]: [...asList(part[NOTES]), ...notes] };
}

const intersectionOf = (a: JsonValue, b: JsonValue): JsonValue => (jsonEquals(a, b) ? a : { allOf: [a, b] });

/** Returns the types that both keywords allow; `undefined` if no type remains. */
function mergeType(a: JsonValue, b: JsonValue): JsonValue | undefined {
  const [first, second] = [typesOf(a), typesOf(b)];
  const allows = (types: readonly JsonValue[], type: JsonValue) =>
    types.includes(type) || (type === 'integer' && types.includes('number'));
  const types = new Set([
    ...first.filter((type) => allows(second, type)),
    ...second.filter((type) => allows(first, type)),
  ]);
  const [only] = types;
  return types.size > 1 ? [...types] : only;
}

/** Merges properties. A member that both parts declare must satisfy both schemas. */
function mergeProperties(a: JsonValue, b: JsonValue): JsonValue | undefined {
  if (!isJsonObject(a) || !isJsonObject(b)) return undefined;
  const merged = new Map(Object.entries(a));
  for (const [name, value] of Object.entries(b)) {
    const known = merged.get(name);
    merged.set(name, known === undefined || value === undefined ? value : intersectionOf(known, value));
  }
  return Object.fromEntries(merged);
}
