import { parseIntegerLiteral } from '@typekro/kit/golang';

/**
 * The value of a plain YAML scalar as kubectl and kro's tools read it: YAML 1.1 as go-yaml v2 implements it. Therefore
 * `yes`, `0777` and `1_000` have the same meaning here as in a file for kubectl.
 */
export type PlainValue = null | boolean | number | bigint | string;

const WORDS = new Map<string, PlainValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word): [string, PlainValue] => [word, null]),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word): [string, PlainValue] => [
    word,
    true,
  ]),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word): [string, PlainValue] => [
    word,
    false,
  ]),
]);

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** Is this one of the words that only YAML 1.1 reads as a boolean (`yes`, `off`)? */
export function isOldBoolean(source: string): boolean {
  return typeof WORDS.get(source) === 'boolean' && !/^(?:true|false)$/i.test(source);
}

/** The remedy for a key that YAML 1.1 reads as a boolean. */
export function oldBooleanKey(key: string): string {
  return `YAML reads the key ${key} as ${resolvePlain(key) === true}; quote it: "${key}"`;
}

/** The value of a plain (unquoted, untagged) scalar. */
export function resolvePlain(source: string): PlainValue {
  const word = WORDS.get(source);
  if (word !== undefined) return word;
  // kubectl's reader treats a scalar as a number only if it begins with a digit, a sign or a point.
  if (source.startsWith('_')) return source;
  const digits = source.replaceAll('_', '');
  const integer = readInteger(digits);
  if (integer !== undefined) return integer;
  // go-yaml reads a number as a string if it is too large for a float.
  const number = FLOAT.test(digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(number) ? number : source;
}

const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * The value of a Go integer literal; undefined for any other string, and for a value that is outside of both int64 and
 * uint64.
 */
function readInteger(digits: string): number | bigint | undefined {
  const value = parseIntegerLiteral(digits);
  if (value === undefined || value < MIN_INT64 || value > MAX_UINT64) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
