import type { JsonObject } from '@typekro/kit/core';
import { IN_COMPOSITION, refused, restrict } from './library-type.ts';

/** The keyword for a divisor. A fraction is refused, because libraries and API servers round differently. */
export function divisorKeywords(value: unknown): JsonObject {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value !== 0) return { multipleOf: Math.abs(value) };
  return refused(
    `multiples of ${String(value)} are not checked, because the API server rounds fractions and large numbers differently`,
    'use an integer of at most 53 bits, for example in a smaller unit',
  );
}

/** A limit that no value satisfies. */
const impossible = (limit: unknown): JsonObject =>
  refused(`no value satisfies the limit ${String(limit)}`, 'write a limit that some value satisfies', 'never');

/** Adds a bound of a number. A bound that all numbers satisfy is left out. */
export function restrictNumber(printed: JsonObject, keyword: string, bound: unknown): JsonObject {
  if (printed['type'] !== 'number' && printed['type'] !== 'integer')
    return refused('a bound of a value that is not a number has no form in the schema of an API', IN_COMPOSITION);
  if (bound === (keyword.endsWith('aximum') ? Infinity : -Infinity)) return printed;
  return restrict(
    printed,
    typeof bound === 'number' && Number.isFinite(bound) ? { [keyword]: bound } : impossible(bound),
  );
}

/** The unit in which the schema of a type limits its size. */
const UNITS: ReadonlyMap<unknown, string> = new Map([
  ['string', 'Length'],
  ['array', 'Items'],
  ['object', 'Properties'],
]);

/**
 * Adds limits of the number of characters, items or members. A limit that all values satisfy is left out, and a fraction
 * becomes the next integer within the limit.
 */
export function restrictSize(printed: JsonObject, limits: readonly ('min' | 'max')[], size: unknown): JsonObject {
  const unit = UNITS.get(printed['type']);
  if (typeof size !== 'number' || unit === undefined)
    return refused('the size of this value has no form in the schema of an API', IN_COMPOSITION);
  return limits.reduce<JsonObject>((before, limit) => {
    const isMax = limit === 'max';
    const bound = isMax ? Math.floor(size) : Math.ceil(size);
    if (Number.isNaN(size) || (limits.length > 1 && bound !== size)) return restrict(before, impossible(size));
    if (isMax ? bound > Number.MAX_SAFE_INTEGER : bound <= 0) return before;
    if (isMax ? bound < 0 : bound > Number.MAX_SAFE_INTEGER) return restrict(before, impossible(size));
    return restrict(before, { [`${limit}${unit}`]: bound });
  }, printed);
}

/** A text as a pattern that matches exactly this text. */
export const escapedText = (text: unknown): string => String(text).replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
