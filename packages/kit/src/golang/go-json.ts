import { firstDefined } from '../core/index.ts';
import type { JsonValue } from '../core/index.ts';
import { compareText } from './go-text.ts';
import { formatGeneral } from './float.ts';
import { goQuote } from './quote.ts';

const PLAIN = /^[\u0020\u0021\u0023-\u0025\u0027-\u003b\u003d\u003f-\u005b\u005d-\u2027\u202a-\ud7ff\ue000-\uffff]*$/;

/**
 * A string as Go's `encoding/json` writes it. In addition to the escapes that JSON requires, Go escapes `<`, `>`, `&`,
 * U+2028 and U+2029. An unpaired surrogate becomes U+FFFD.
 */
export function goQuoteJson(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let out = '"';
  for (const char of text) out += jsonChar(char);
  return `${out}"`;
}

function jsonChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  switch (char) {
    case '"':
    case '\\':
      return `\\${char}`;
    case '\b':
      return '\\b';
    case '\f':
      return '\\f';
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    case '<':
    case '>':
    case '&':
    case '\u2028':
    case '\u2029':
      return `\\u${code.toString(16).padStart(4, '0')}`;
    default:
      return code < 0x20 ? `\\u00${code.toString(16).padStart(2, '0')}` : char;
  }
}

/**
 * The character at an index of a JSON text, quoted as in the syntax errors of Go's `encoding/json`: `'x'`, `'\''`,
 * `'\x00'`. Like Go, it shows only the first byte of the character's UTF-8 form, as if this byte were a character.
 */
export function goQuoteJsonByte(text: string, at = 0): string {
  const byte = Buffer.from(String.fromCodePoint(text.codePointAt(at) ?? 0), 'utf8')[0] ?? 0;
  const character = String.fromCharCode(byte);
  if (character === "'") return "'\\''";
  return character === '"' ? `'"'` : `'${goQuote(character).slice(1, -1)}'`;
}

/** The error of Go's `encoding/json` for the first infinity or NaN in a value; undefined for a value without one. */
export function goJsonProblem(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : `json: unsupported value: ${formatGeneral(value)}`;
  if (typeof value !== 'object' || value === null) return undefined;
  return firstDefined(Array.isArray(value) ? value : Object.values(value), goJsonProblem);
}

/** The depth at which `{…}` or `[…]` replaces the content of an object or list. */
const MAX_PRINTED_DEPTH = 32;

/**
 * A value as Go's `encoding/json` marshals it: with sorted members and escaped HTML characters. Callers use the result
 * in error messages, and as a key of maps.
 */
export function goJson(value: JsonValue | undefined, depth = 0): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return goQuoteJson(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return 'null';
  if (typeof value !== 'object') return String(value);
  if (depth >= MAX_PRINTED_DEPTH) return Array.isArray(value) ? '[…]' : '{…}';
  if (Array.isArray(value)) return `[${value.map((entry) => goJson(entry, depth + 1)).join(',')}]`;
  const names = Object.keys(value).sort(compareText);
  return `{${names.map((name) => `${goQuoteJson(name)}:${goJson(value[name], depth + 1)}`).join(',')}}`;
}
