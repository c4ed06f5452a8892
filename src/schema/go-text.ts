import type { JsonValue } from '../core/index.ts';

/**
 * How Go reads scalars from text and quotes text in errors. kro's messages contain these forms, so
 * SimpleSchema has to agree with them to the letter.
 */

/** A parsed value, or the tail of Go's error message (`strconv.ParseBool: parsing "x": invalid syntax`). */
type GoParse<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

const SPACE = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${SPACE}]+`);
const ONE_SPACE = new RegExp(`[${SPACE}]`);

/** Is this character white space to Go? */
export function isGoSpace(character: string): boolean {
  return ONE_SPACE.test(character);
}

/** Removes Go's white space at both ends. */
export function goTrim(text: string): string {
  let end = text.length;
  while (end > 0 && isGoSpace(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end).replace(LEADING, '');
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

/** Text as Go's `%q` prints it. */
export function goQuote(text: string): string {
  let quoted = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const escape = ESCAPES.get(character);
    if (escape !== undefined) quoted += escape;
    else if (code === 0x20 || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) quoted += character;
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, '0')}`;
    else quoted += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${quoted}"`;
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

const failed = (func: string, text: string, why: string): { ok: false; error: string } => ({
  ok: false,
  error: `strconv.${func}: parsing ${goQuote(text)}: ${why}`,
});

export function goParseBool(text: string): GoParse<boolean> {
  if (TRUE.has(text)) return { ok: true, value: true };
  if (FALSE.has(text)) return { ok: true, value: false };
  return failed('ParseBool', text, 'invalid syntax');
}

const INT64_MAX = 9223372036854775807n;

/** A 64-bit integer in base 10; beyond 2⁵³ as `bigint`. */
export function goParseInt(text: string): GoParse<number | bigint> {
  if (!/^[+-]?[0-9]+$/.test(text)) return failed('ParseInt', text, 'invalid syntax');
  if (text.replace(/^[+-]?0*/, '').length > 19) return failed('ParseInt', text, 'value out of range');
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (value > INT64_MAX || value < -INT64_MAX - 1n) return failed('ParseInt', text, 'value out of range');
  const number = Number(value);
  return { ok: true, value: Number.isSafeInteger(number) ? number : value };
}

const DECIMAL = /^[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F_]*)\.?([0-9a-fA-F_]*)[pP]([+-]?[0-9]+)$/;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;

/** A 64-bit float in Go's syntax: also `Inf`, `NaN`, hexadecimal, and underscores between digits. */
export function goParseFloat(text: string): GoParse<number> {
  const special = SPECIAL.exec(text);
  if (special !== null && !(/nan$/i.test(text) && special[1] !== '')) {
    if (/nan$/i.test(text)) return { ok: true, value: Number.NaN };
    return { ok: true, value: special[1] === '-' ? -Infinity : Infinity };
  }
  const value = parseHexadecimal(text) ?? parseDecimal(text);
  if (value === undefined) return failed('ParseFloat', text, 'invalid syntax');
  if (!Number.isFinite(value)) return failed('ParseFloat', text, 'value out of range');
  return { ok: true, value };
}

/** Underscores stand between digits only. */
const wellPlacedUnderscores = (text: string): boolean => !/^[+-]?_|__|_$|_[.eEpP]|[.eE+-]_/.test(text);

function parseDecimal(text: string): number | undefined {
  if (!DECIMAL.test(text) || !wellPlacedUnderscores(text)) return undefined;
  return Number(text.replaceAll('_', ''));
}

function parseHexadecimal(text: string): number | undefined {
  const match = HEXADECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replaceAll('_', '');
  if (digits === '') return undefined;
  const fractionDigits = fraction.replaceAll('_', '').length;
  const value = Number(`0x${digits}`) * 2 ** (Number(exponent) - 4 * fractionDigits);
  return sign === '-' ? -value : value;
}

/** A float as Go's `%v` prints it. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return '0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
}

const HTML = /[<>&\u2028\u2029]/g;

/** Deepest value that is printed in an error text. */
const MAX_PRINTED_DEPTH = 32;

/** JSON as Go marshals it: members sorted, HTML characters escaped. */
export function goJson(value: JsonValue | undefined, depth = 0): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : 'null';
  if (typeof value === 'string') return escapeHtml(JSON.stringify(value));
  if (depth >= MAX_PRINTED_DEPTH) return Array.isArray(value) ? '[…]' : '{…}';
  if (Array.isArray(value)) return `[${value.map((entry) => goJson(entry, depth + 1)).join(',')}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${escapeHtml(JSON.stringify(name))}:${goJson(value[name], depth + 1)}`).join(',')}}`;
}

const escapeHtml = (text: string): string =>
  text.replace(HTML, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
