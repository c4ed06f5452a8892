import { parseFloat64 } from './float.ts';
import { goQuote } from './quote.ts';

/**
 * The error message of a parser. A parser returns a failure, like a Go function that returns an `error`, and never
 * throws it.
 */
export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/**
 * The maximum number of characters of a literal without its sign. A 64-bit integer has fewer characters in every base,
 * unless it has leading zeros.
 */
const MAX_LENGTH = 80;

/** A parsed value, or Go's error message (`strconv.ParseBool: parsing "x": invalid syntax`). */
export type GoParse<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64_DIGITS = 19;
const MAX_UINT64 = 2n ** 64n - 1n;
const MAX_UINT64_DIGITS = 20;

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/**
 * A boolean as `strconv.ParseBool` reads it. `1`, `t`, `T`, `TRUE`, `true` and `True` are true; `0`, `f`, `F`, `FALSE`,
 * `false` and `False` are false. Undefined for any other string.
 */
export function parseBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** An integer of 64 bits as `strconv.ParseInt` reads it in base 10. */
export function parseInt64(text: string): bigint | 'syntax' | 'range' {
  if (!/^[+-]?[0-9]+$/.test(text)) return 'syntax';
  if (text.replace(/^[+-]?0*/, '').length > MAX_INT64_DIGITS) return 'range';
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value > MAX_INT64 || value < MIN_INT64 ? 'range' : value;
}

const failed = (func: string, text: string, why: string): { ok: false; error: string } => ({
  ok: false,
  error: `strconv.${func}: parsing ${goQuote(text)}: ${why}`,
});

const REASONS = { syntax: 'invalid syntax', range: 'value out of range' } as const;

/** {@link parseBool} with Go's error message. */
export function goParseBool(text: string): GoParse<boolean> {
  const value = parseBool(text);
  return value === undefined ? failed('ParseBool', text, REASONS.syntax) : { ok: true, value };
}

/** {@link parseInt64} with Go's error message. Only a value beyond ±(2⁵³−1) is a `bigint`. */
export function goParseInt(text: string): GoParse<number | bigint> {
  const value = parseInt64(text);
  if (typeof value === 'string') return failed('ParseInt', text, REASONS[value]);
  const number = Number(value);
  return { ok: true, value: Number.isSafeInteger(number) ? number : value };
}

/** An integer as `strconv.ParseUint` reads it in base 10 with 64 bits. */
export function goParseUint(text: string): GoParse<bigint> {
  if (!/^[0-9]+$/.test(text)) return failed('ParseUint', text, REASONS.syntax);
  const digits = text.replace(/^0+/, '');
  const value = digits.length > MAX_UINT64_DIGITS ? MAX_UINT64 + 1n : BigInt(digits === '' ? '0' : digits);
  return value > MAX_UINT64 ? failed('ParseUint', text, REASONS.range) : { ok: true, value };
}

/** {@link parseFloat64} with Go's error message. */
export function goParseFloat(text: string): GoParse<number> {
  const value = parseFloat64(text);
  return typeof value === 'string' ? failed('ParseFloat', text, REASONS[value]) : { ok: true, value };
}

/**
 * Parses a Go integer literal with an optional sign: `010` and `0o10` are octal, `0x10` is hexadecimal, and `0b10` is
 * binary. Undefined for any other string, and for `_` between digits.
 */
export function parseIntegerLiteral(text: string): bigint | undefined {
  const match = /^([+-]?)(?:(0x[\da-f]+|0o[0-7]+|0b[01]+|0|[1-9]\d*)|0([0-7]+))$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, plain, octal = ''] = match;
  const literal = plain ?? `0o${octal}`;
  if (literal.length > MAX_LENGTH) return undefined;
  const size = BigInt(literal);
  return sign === '-' ? -size : size;
}

/** Short for `new Failure(message)`. */
export function failure(message: string): Failure {
  return new Failure(message);
}
