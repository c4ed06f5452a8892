import { utf8Encode } from '../utf8.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

/** Returns the text between the quotes of a string token. If `raw` is true, escapes are not interpreted. */
function body(token: string): { text: string; raw: boolean } {
  const raw = token.charCodeAt(0) === 114 || token.charCodeAt(0) === 82;
  const quoted = (raw ? token.slice(1) : token).replaceAll(/\r\n?/g, '\n');
  const mark = quoted.slice(0, 3);
  const width = quoted.length >= 6 && (mark === '"""' || mark === "'''") ? 3 : 1;
  return { text: quoted.slice(width, quoted.length - width), raw };
}

/** Returns the value of a STRING token; undefined when an escape does not denote a Unicode character. */
export function unescapeString(token: string): string | undefined {
  const { text, raw } = body(token);
  if (raw || !text.includes('\\')) return text;
  const parts: string[] = [];
  for (const piece of pieces(text)) {
    if (typeof piece === 'string') parts.push(piece);
    else if (piece.code > 0x10ffff || (piece.code >= 0xd800 && piece.code < 0xe000)) return undefined;
    else parts.push(String.fromCodePoint(piece.code));
  }
  return parts.join('');
}

/**
 * Returns the bytes of a BYTES token; undefined for an escape that is not allowed in bytes. The caller has removed the
 * prefix `b` from the token.
 */
export function bytesOfToken(token: string): Uint8Array | undefined {
  const { text, raw } = body(token);
  if (raw || !text.includes('\\')) return utf8Encode(text);
  const parts: Uint8Array[] = [];
  for (const piece of pieces(text)) {
    if (typeof piece === 'string') parts.push(utf8Encode(piece));
    else if (piece.unicode) return undefined;
    else parts.push(Uint8Array.of(piece.code & 0xff));
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Splits a text into plain text and numeric escapes. The lexer has checked that all escapes are complete. */
function* pieces(text: string): Generator<string | { code: number; unicode: boolean }> {
  let from = 0;
  for (;;) {
    const slash = text.indexOf('\\', from);
    if (slash < 0) break;
    if (slash > from) yield text.slice(from, slash);
    const c = text[slash + 1] ?? '';
    const simple = Object.hasOwn(SIMPLE, c) ? SIMPLE[c] : undefined;
    if (simple !== undefined) {
      yield simple;
      from = slash + 2;
      continue;
    }
    const octal = c >= '0' && c <= '3';
    const digits = octal ? 3 : c === 'u' ? 4 : c === 'U' ? 8 : 2;
    const start = octal ? slash + 1 : slash + 2;
    yield { code: parseInt(text.slice(start, start + digits), octal ? 8 : 16), unicode: c === 'u' || c === 'U' };
    from = start + digits;
  }
  if (from < text.length) yield text.slice(from);
}
