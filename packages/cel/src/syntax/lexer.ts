/** The kinds of tokens. They are numbers, so the parser's `switch` is fast. */
export const T = {
  EOF: 0,
  EQUALS: 1,
  NOT_EQUALS: 2,
  IN: 3,
  LESS: 4,
  LESS_EQUALS: 5,
  GREATER_EQUALS: 6,
  GREATER: 7,
  AND: 8,
  OR: 9,
  LBRACKET: 10,
  RBRACKET: 11,
  LBRACE: 12,
  RBRACE: 13,
  LPAREN: 14,
  RPAREN: 15,
  DOT: 16,
  COMMA: 17,
  MINUS: 18,
  EXCLAM: 19,
  QUESTION: 20,
  COLON: 21,
  PLUS: 22,
  STAR: 23,
  SLASH: 24,
  PERCENT: 25,
  TRUE: 26,
  FALSE: 27,
  NULL: 28,
  FLOAT: 29,
  INT: 30,
  UINT: 31,
  STRING: 32,
  BYTES: 33,
  IDENTIFIER: 34,
  ESC_IDENTIFIER: 35,
} as const;

/** The names of token kinds in syntax errors, by kind. */
export const TOKEN_NAMES: readonly string[] = [
  '<EOF>',
  "'=='",
  "'!='",
  "'in'",
  "'<'",
  "'<='",
  "'>='",
  "'>'",
  "'&&'",
  "'||'",
  "'['",
  "']'",
  "'{'",
  "'}'",
  "'('",
  "')'",
  "'.'",
  "','",
  "'-'",
  "'!'",
  "'?'",
  "':'",
  "'+'",
  "'*'",
  "'/'",
  "'%'",
  "'true'",
  "'false'",
  "'null'",
  'NUM_FLOAT',
  'NUM_INT',
  'NUM_UINT',
  'STRING',
  'BYTES',
  'IDENTIFIER',
  'ESC_IDENTIFIER',
];

/** A token; offsets count UTF-16 units. */
export interface Token {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** A part of the source that is not a token. It ends after the character at which the scan failed. */
export interface LexicalError {
  readonly start: number;
  readonly end: number;
}

const isDigit = (c: number) => c >= 48 && c <= 57;
const isHex = (c: number) => isDigit(c) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
const isLetter = (c: number) => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;

/**
 * Splits a source into tokens, without white space and comments. The last token is EOF. Errors do not stop the scan.
 */
export function tokenize(text: string): { tokens: Token[]; errors: LexicalError[] } {
  const tokens: Token[] = [];
  const errors: LexicalError[] = [];
  const length = text.length;
  let at = 0;
  while (at < length) {
    const c = text.charCodeAt(at);
    if (c === 32 || (c >= 9 && c <= 13 && c !== 11)) {
      at++;
      continue;
    }
    if (c === 47 && text.charCodeAt(at + 1) === 47) {
      const newline = text.indexOf('\n', at);
      at = newline < 0 ? length : newline;
      continue;
    }
    scan.type = -1;
    scan.end = at;
    scanToken(text, at, c);
    if (scan.type >= 0) tokens.push({ type: scan.type, start: at, end: scan.end });
    else {
      // The dropped part includes the character at which the scan failed. A surrogate pair is one character.
      const last = scan.end;
      const pair = last < length && isPair(text, last) ? 2 : 1;
      scan.end = Math.min(length, last + pair);
      errors.push({ start: at, end: scan.end });
    }
    at = scan.end;
  }
  tokens.push({ type: T.EOF, start: length, end: length });
  return { tokens, errors };
}

function isPair(text: string, at: number): boolean {
  const c = text.charCodeAt(at);
  const d = text.charCodeAt(at + 1);
  return c >= 0xd800 && c < 0xdc00 && d >= 0xdc00 && d < 0xe000;
}

/**
 * The result of the last scan: the type and the end of the token. After a failure: -1 and the position of the failure.
 */
const scan = { type: -1, end: 0 };

function accept(type: number, end: number): void {
  scan.type = type;
  scan.end = end;
}

/** Single-character tokens by character code. */
const SINGLE: readonly number[] = (() => {
  const table: number[] = Array.from({ length: 128 }, () => -1);
  const pairs: [string, number][] = [
    ['[', T.LBRACKET],
    [']', T.RBRACKET],
    ['{', T.LBRACE],
    ['}', T.RBRACE],
    ['(', T.LPAREN],
    [')', T.RPAREN],
    [',', T.COMMA],
    ['-', T.MINUS],
    ['?', T.QUESTION],
    [':', T.COLON],
    ['+', T.PLUS],
    ['*', T.STAR],
    ['/', T.SLASH],
    ['%', T.PERCENT],
  ];
  for (const [character, type] of pairs) table[character.charCodeAt(0)] = type;
  return table;
})();

function scanToken(text: string, at: number, c: number): void {
  if (isLetter(c)) return scanWord(text, at, c);
  if (isDigit(c)) return scanNumber(text, at);
  const next = text.charCodeAt(at + 1);
  switch (c) {
    case 34:
    case 39:
      return scanString(text, at, T.STRING, false);
    case 46:
      return isDigit(next) ? scanNumber(text, at) : accept(T.DOT, at + 1);
    case 61:
      return next === 61 ? accept(T.EQUALS, at + 2) : failAt(at + 1);
    case 33:
      return next === 61 ? accept(T.NOT_EQUALS, at + 2) : accept(T.EXCLAM, at + 1);
    case 60:
      return next === 61 ? accept(T.LESS_EQUALS, at + 2) : accept(T.LESS, at + 1);
    case 62:
      return next === 61 ? accept(T.GREATER_EQUALS, at + 2) : accept(T.GREATER, at + 1);
    case 38:
      return next === 38 ? accept(T.AND, at + 2) : failAt(at + 1);
    case 124:
      return next === 124 ? accept(T.OR, at + 2) : failAt(at + 1);
    case 96:
      return scanEscapedIdentifier(text, at);
    default: {
      const type = c < 128 ? (SINGLE[c] as number) : -1;
      return type < 0 ? failAt(at) : accept(type, at + 1);
    }
  }
}

function failAt(at: number): void {
  scan.type = -1;
  scan.end = at;
}

const KEYWORDS: ReadonlyMap<string, number> = new Map([
  ['in', T.IN],
  ['true', T.TRUE],
  ['false', T.FALSE],
  ['null', T.NULL],
]);

/** Identifiers and keywords; also strings with a prefix (`r"…"`, `b'…'`, `br"…"`). */
function scanWord(text: string, at: number, c: number): void {
  let end = at + 1;
  let d = text.charCodeAt(end);
  while (isLetter(d) || isDigit(d)) d = text.charCodeAt(++end);
  accept(end - at <= 5 ? (KEYWORDS.get(text.slice(at, end)) ?? T.IDENTIFIER) : T.IDENTIFIER, end);
  if ((d !== 34 && d !== 39) || end - at > 2) return;
  const isBytes = c === 98 || c === 66;
  const last = end - at === 2 ? text.charCodeAt(at + 1) : c;
  const isRaw = last === 114 || last === 82;
  if (end - at === 2 ? !isBytes || !isRaw : !isBytes && !isRaw) return;
  scanString(text, end, isBytes ? T.BYTES : T.STRING, isRaw);
  // If the string is unclosed, the prefix is an identifier.
  if (scan.type < 0) accept(T.IDENTIFIER, end);
}

function scanNumber(text: string, at: number): void {
  let end = at;
  if (text.charCodeAt(at) === 48 && text.charCodeAt(at + 1) === 120 && isHex(text.charCodeAt(at + 2))) {
    end = at + 3;
    while (isHex(text.charCodeAt(end))) end++;
    const suffix = text.charCodeAt(end);
    return suffix === 117 || suffix === 85 ? accept(T.UINT, end + 1) : accept(T.INT, end);
  }
  while (isDigit(text.charCodeAt(end))) end++;
  const c = text.charCodeAt(end);
  if (end > at && (c === 117 || c === 85)) return accept(T.UINT, end + 1);
  let isFloat = false;
  if (c === 46 && isDigit(text.charCodeAt(end + 1))) {
    isFloat = true;
    end += 2;
    while (isDigit(text.charCodeAt(end))) end++;
  }
  const e = text.charCodeAt(end);
  if (e === 101 || e === 69) {
    const sign = text.charCodeAt(end + 1);
    const digits = sign === 43 || sign === 45 ? end + 2 : end + 1;
    if (isDigit(text.charCodeAt(digits))) {
      isFloat = true;
      end = digits + 1;
      while (isDigit(text.charCodeAt(end))) end++;
    }
  }
  accept(isFloat ? T.FLOAT : T.INT, end);
}

/**
 * Scans a string from its opening quote: a triple-quoted string if it begins with three quotes, otherwise a string that
 * ends in the same line. On failure, `scan.end` is the position of the failure.
 */
function scanString(text: string, at: number, type: number, raw: boolean): void {
  const quote = text.charCodeAt(at);
  const triple = text.charCodeAt(at + 1) === quote && text.charCodeAt(at + 2) === quote;
  if (triple) {
    const end = scanTriple(text, at + 3, quote, raw);
    // If a triple-quoted string is unclosed, its first two quotes are an empty string.
    return accept(type, end < 0 ? at + 2 : end);
  }
  let end = at + 1;
  for (; end < text.length; end++) {
    const c = text.charCodeAt(end);
    if (c === quote) return accept(type, end + 1);
    if (c === 10 || c === 13) return failAt(end);
    if (c !== 92 || raw) continue;
    const bad = scanEscape(text, end);
    if (bad >= 0) return failAt(bad);
    end = escapeEnd - 1;
  }
  failAt(end);
}

function scanTriple(text: string, from: number, quote: number, raw: boolean): number {
  for (let at = from; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === quote && text.charCodeAt(at + 1) === quote && text.charCodeAt(at + 2) === quote) return at + 3;
    if (c !== 92 || raw) continue;
    if (scanEscape(text, at) >= 0) return -1;
    at = escapeEnd - 1;
  }
  return -1;
}

let escapeEnd = 0;
const ESCAPES = new Set(Array.from('abfnrtv"\'\\?`', (character) => character.charCodeAt(0)));

/**
 * Scans an escape at its backslash. Returns the offset of the invalid character. For a valid escape, returns -1 and
 * sets `escapeEnd`.
 */
function scanEscape(text: string, at: number): number {
  const c = text.charCodeAt(at + 1);
  if (ESCAPES.has(c)) {
    escapeEnd = at + 2;
    return -1;
  }
  let isPart = isHex;
  let digits = 0;
  if (c === 120 || c === 88) digits = 2;
  else if (c === 117) digits = 4;
  else if (c === 85) digits = 8;
  else if (c >= 48 && c <= 51) {
    digits = 2;
    isPart = (d) => d >= 48 && d <= 55;
  } else return at + 1;
  for (let index = 0; index < digits; index++) {
    if (!isPart(text.charCodeAt(at + 2 + index))) return at + 2 + index;
  }
  escapeEnd = at + 2 + digits;
  return -1;
}

function scanEscapedIdentifier(text: string, at: number): void {
  let end = at + 1;
  for (; ; end++) {
    const c = text.charCodeAt(end);
    if (isLetter(c) || isDigit(c) || c === 46 || c === 45 || c === 47 || c === 32) continue;
    if (c === 96 && end > at + 1) return accept(T.ESC_IDENTIFIER, end + 1);
    return failAt(end);
  }
}
