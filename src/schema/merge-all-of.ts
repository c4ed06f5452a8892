import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject, jsonEquals } from '../core/index.ts';
import { asList } from '../kubernetes/index.ts';
import { ANNOTATIONS, NOTES } from './json-schema-members.ts';
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
  [
    'enum',
    (a, b) => (Array.isArray(a) && Array.isArray(b) ? a.filter((x) => b.some((y) => jsonEquals(x, y))) : undefined),
  ],
  ['additionalProperties', (a, b) => both(a, b) ?? (a === false || b === false ? false : isJsonObject(a) ? a : b)],
  ['items', both],
  ['multipleOf', divisor],
  ['nullable', (a, b) => a === true && b === true],
  ['allOf', all],
  ['x-kubernetes-validations', all],
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
  return merged;
}

function mergeTwo(a: JsonObject, b: JsonObject): JsonObject | undefined {
  const merged: JsonObject = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const known = Object.hasOwn(merged, name) ? merged[name] : undefined;
    if (value === undefined) continue;
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
  return merged;
}

function mergeType(a: JsonValue, b: JsonValue): JsonValue | undefined {
  const types = new Set([a, b]);
  return types.has('integer') && types.has('number') ? 'integer' : undefined;
}

/** Merges properties. A member that both parts declare must satisfy both schemas. */
function mergeProperties(a: JsonValue, b: JsonValue): JsonValue | undefined {
  if (!isJsonObject(a) || !isJsonObject(b)) return undefined;
  const merged = new Map(Object.entries(a));
  for (const [name, value] of Object.entries(b)) {
    const known = merged.get(name);
    if (known === undefined || value === undefined || jsonEquals(known, value)) merged.set(name, value);
    else merged.set(name, { allOf: [known, value] });
  }
  return Object.fromEntries(merged);
}
