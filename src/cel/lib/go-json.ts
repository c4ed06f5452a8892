/** Pieces of Go's `encoding/json` that are the same in every document it writes. */

const PLAIN = /^[\u0020\u0021\u0023-\u0025\u0027-\u003b\u003d\u003f-\u005b\u005d-\u2027\u202a-\ud7ff\ue000-\uffff]*$/;

/**
 * A text as JSON. Beside what JSON demands, `<`, `>`, `&`, U+2028 and U+2029 are escaped, and half a surrogate pair
 * becomes U+FFFD.
 */
export function quoteJson(text: string): string {
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
