import { type JsonValue, stringifyJson } from '@typekro/kit/core';
import { goQuote, goTrim, isGoSpace } from '@typekro/kit/golang';

/** The markers of SimpleSchema. */
export const MARKER_KEYS = [
  'required',
  'default',
  'description',
  'minimum',
  'maximum',
  'validation',
  'immutable',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'listType',
  'listMapKey',
] as const;

/** Markers that were proposed for kro, each behind a feature gate. */
export const GATED_MARKER_KEYS = ['printColumn', 'scale'] as const;

/** The markers without a value. */
const BARE: ReadonlySet<string> = new Set(['scale']);

/** The name of a marker behind a feature gate. */
export type GatedMarkerKey = (typeof GATED_MARKER_KEYS)[number];

/** The name of a marker. */
export type MarkerKey = (typeof MARKER_KEYS)[number] | GatedMarkerKey;

/** A marker `key=value` of a field. `offset` is the position of the key in the field's line. */
export interface Marker {
  readonly key: MarkerKey;
  readonly value: string;
  readonly offset: number;
  /** The offset in the field's line at which the value begins, including its opening quote. */
  readonly valueOffset: number;
  /** Is the value written in quotes? `value` does not contain them. */
  readonly quoted: boolean;
}

/** The reason why a string is not a list of markers. `unknownMarker` is the unknown key that caused the error. */
export interface LexError {
  readonly message: string;
  readonly offset: number;
  readonly unknownMarker?: string;
}

const KNOWN: ReadonlySet<string> = new Set(MARKER_KEYS);
const NO_MARKERS: ReadonlySet<string> = new Set();

/**
 * Splits the part of a field's line after the first `|` into markers, with the quirks of kro's lexer. White space
 * before `=` is dropped, so the words before `=` become one key. A later `|` is an ordinary character. Quotes and
 * brackets protect white space, and any closing bracket closes any open bracket.
 *
 * @param base offset of `text` in the field's line, for positions
 * @param gated the markers whose feature gate is on
 */
export function lexMarkers(
  text: string,
  base: number,
  gated: ReadonlySet<string> = NO_MARKERS,
): { markers: Marker[] } | { error: LexError } {
  const markers: Marker[] = [];
  let buffer = '';
  /** The offset at which the buffer's content begins, without the white space before a key. */
  let bufferOffset = 0;
  let key: MarkerKey | undefined;
  let keyOffset = base;
  let valueOffset = base;
  let inQuotes = false;
  let escaped = false;
  let depth = 0;
  const fail = (message: string, at: number, unknownMarker?: string) => ({
    error: { message, offset: base + at, ...(unknownMarker === undefined ? {} : { unknownMarker }) },
  });
  const isBare = (name: string): boolean => BARE.has(name) && gated.has(name);
  const endBare = (end: number): void => {
    markers.push({
      key: buffer as MarkerKey,
      value: '',
      offset: base + bufferOffset,
      valueOffset: base + end,
      quoted: false,
    });
    buffer = '';
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (escaped) {
      buffer += character;
      escaped = false;
    } else if (character === '=' && key === undefined && !inQuotes && depth === 0) {
      const name = goTrim(buffer);
      if (name === '') return fail('empty marker key', index);
      const begin = buffer === '' ? index : bufferOffset;
      if (!KNOWN.has(name) && !gated.has(name))
        return fail(`invalid marker key ${goQuote(name)}: unknown marker: ${name}`, begin, name);
      key = name as MarkerKey;
      keyOffset = base + begin;
      valueOffset = base + index + 1;
      buffer = '';
    } else if (isGoSpace(character) && !inQuotes && depth === 0) {
      if (key === undefined) {
        // A name that is followed by white space and = is a key with a value, not a bare marker.
        if (isBare(buffer) && !/^\s*=/.test(text.slice(index))) endBare(index);
        continue;
      }
      markers.push({ key, ...valueOf(buffer), offset: keyOffset, valueOffset });
      key = undefined;
      buffer = '';
    } else {
      if (character === '"') inQuotes = !inQuotes;
      else if (inQuotes) escaped = character === '\\';
      else if (character === '{' || character === '[') depth += 1;
      else if (character === '}' || character === ']') depth -= 1;
      if (depth < 0) return fail('unmatched closing bracket/brace', index);
      if (buffer === '') bufferOffset = index;
      buffer += character;
    }
  }
  if (key === undefined && isBare(buffer)) endBare(text.length);
  if (key === undefined && buffer === '' && BARE.has(markers.at(-1)?.key ?? '')) return { markers };
  if (key === undefined)
    return fail(`marker key '${buffer}' without a value`, buffer === '' ? text.length : bufferOffset);
  if (inQuotes) return fail('unclosed quote', text.length);
  if (depth > 0) return fail('unclosed bracket/brace', text.length);
  markers.push({ key, ...valueOf(buffer), offset: keyOffset, valueOffset });
  return { markers };
}

/** Removes the quotes of a quoted value, and replaces `\"` and `\\` in it by `"` and `\`. Trims any other value. */
function valueOf(raw: string): { readonly value: string; readonly quoted: boolean } {
  const quoted = raw.length >= 2 && raw.startsWith('"') && raw.endsWith('"');
  const value = quoted ? raw.slice(1, -1).replace(/\\(["\\])|\\$/g, '$1') : goTrim(raw);
  return { value, quoted };
}

/**
 * The offset, in the field's line, of the character at `position` of a marker's value. Takes the opening quote and
 * escapes into account.
 */
export function markerOffset(text: string, { valueOffset, quoted }: Marker, position: number): number {
  if (!quoted) return valueOffset + position;
  let at = valueOffset + 1;
  for (let passed = 0; passed < position; passed += 1) {
    at += text.charAt(at) === '\\' && /["\\]/.test(text.charAt(at + 1)) ? 2 : 1;
  }
  return at;
}

/** A marker value in quotes. */
export function quoteMarker(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * The marker value of a string default. kro puts a string default between quotes without escaping, so the value must
 * have JSON escapes.
 */
export const quoteDefault = (value: string): string => quoteMarker(JSON.stringify(value).slice(1, -1));

/** The value of the `enum` marker; `undefined` if the marker cannot list the values. */
export function enumText(type: JsonValue | undefined, values: readonly JsonValue[]): string | undefined {
  if (values.length === 0) return undefined;
  if (type === 'string' && values.every(listable)) return quoteMarker(values.join(','));
  if (type !== 'integer' || !values.every(isInteger)) return undefined;
  return quoteMarker(values.map((value) => stringifyJson(value)).join(','));
}

const isInteger = (value: JsonValue): boolean => typeof value === 'bigint' || Number.isInteger(value);

/** Can the value be an entry of the `enum` marker's comma-separated list? */
const listable = (value: JsonValue): boolean =>
  typeof value === 'string' && value !== '' && value.trim() === value && !/[,\p{Cc}\p{Zl}\p{Zp}\ufeff]/u.test(value);

/** The markers of SimpleSchema. */
export const Marker = { KEYS: MARKER_KEYS, GATED_KEYS: GATED_MARKER_KEYS, quote: quoteMarker, quoteDefault, enumText };
