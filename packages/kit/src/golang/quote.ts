const SIMPLE: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x0b, '\\v'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

/**
 * Matches one character that Go's `unicode.IsPrint` accepts: a letter, mark, number, punctuation, symbol or the ASCII
 * space.
 */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Matches the characters that {@link goQuote} does not write as they are. */
const ESCAPED = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/**
 * Matches printable ASCII without the characters that need an escape. Nearly every string matches, so this is the fast
 * path.
 */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Is the string printable ASCII that {@link goQuote} writes without escapes? */
export function needsNoEscape(text: string): boolean {
  return PLAIN.test(text);
}

/**
 * Quotes a string like Go's `strconv.Quote` and `%q`. As a CEL literal, the result evaluates to the same string. An
 * unpaired surrogate, which Go strings cannot contain, becomes U+FFFD.
 */
export function goQuote(text: string): string {
  if (needsNoEscape(text)) return `"${text}"`;
  return `"${text.replaceAll(ESCAPED, quotedChar)}"`;
}

function quotedChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const simple = SIMPLE.get(code);
  if (simple !== undefined) return simple;
  if (code >= 0x20 && code < 0x7f) return char;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  if (PRINTABLE.test(char)) return char;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}

/**
 * {@link goQuote} for bytes, which are passed as a string with one character (0–255) per byte. Bytes that are not valid
 * UTF-8 become `\xNN`.
 */
export function goQuoteBytes(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  if (!text.includes('\ufffd')) return goQuote(text);
  let out = '"';
  let at = 0;
  while (at < bytes.length) {
    const char = utf8At(bytes, at);
    out += char === undefined ? `\\x${bytes.charCodeAt(at).toString(16).padStart(2, '0')}` : quotedChar(char.text);
    at += char?.length ?? 1;
  }
  return `${out}"`;
}

/** The character whose UTF-8 form starts at `at`; undefined when the bytes there are not valid UTF-8. */
function utf8At(bytes: string, at: number): { text: string; length: number } | undefined {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return { text: bytes.charAt(at), length: 1 };
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const part = Buffer.from(bytes.slice(at, at + length), 'latin1');
  const text = part.toString('utf8');
  return Buffer.from(text, 'utf8').equals(part) ? { text, length } : undefined;
}
