import { type ErrorSpot, type Piece, type SyntaxExplanation, areAdjacent } from './pieces.ts';

/**
 * Matches the opening quote of a string literal and its content, up to the closing quote, the first invalid escape, or
 * the end of the line or expression.
 */
const BODY =
  /^(["'])(?:(?!\1)[^\\\r\n]|\\(?:[abfnrtv"'\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}))*/;

/** Matches the same part of a raw string literal, which has no escapes. */
const RAW_BODY = /^(["'])(?:(?!\1)[^\r\n])*/;

/** Matches the prefix of a raw string literal. */
const RAW_PREFIX = /^[bB]?[rR](?=["']|$)/;

/** Explains a mistake in quotes; undefined for any other mistake. */
export function explainQuotes(spot: ErrorSpot): SyntaxExplanation | undefined {
  const { at, before } = spot;
  if (at.kind === 'wrong' && /^["']/.test(at.text)) return brokenText(spot);
  if (!areAdjacent(before, at)) return undefined;
  if (before.kind === 'text' && /^(?:word|number|text)$/.test(at.kind)) return quoteInside(before);
  const isPrefix = before.kind === 'word' && at.kind === 'text' && before.text.length <= 2;
  if (!isPrefix) return undefined;
  return {
    message: `"${before.text}" before a string has no meaning in CEL`,
    hint: 'remove it, and join strings with +: "a" + b',
    offset: before.start,
  };
}

/** Explains a string literal without a closing quote, or with an escape that CEL does not have. */
function brokenText({ cel, at, before }: ErrorSpot): SyntaxExplanation {
  const rest = cel.slice(at.start);
  const quote = rest.charAt(0);
  const prefix = before.kind === 'word' && areAdjacent(before, at) ? before.text : '';
  const isRaw = RAW_PREFIX.test(prefix);
  const body = (isRaw ? RAW_BODY : BODY).exec(rest)?.[0] ?? quote;
  const next = rest.charAt(body.length);
  if (!isRaw && next === '\\') return wrongEscape(rest, body.length, at.start);
  if (before.text === quote.repeat(2) && areAdjacent(before, at))
    return {
      message: 'these three quotes open a string that has no end',
      hint: `close it with ${quote.repeat(3)}`,
      offset: before.start,
    };
  const message = `this ${quote} opens a string that has no end`;
  if (/^[\r\n]/.test(next)) {
    return rest.slice(body.length).includes(quote)
      ? {
          message: 'a string in quotes must end on its line',
          hint: `${isRaw ? '' : String.raw`write \n for a line break, or `}put the string into ${isRaw ? prefix : ''}"""…"""`,
        }
      : { message, hint: `close it with ${quote}` };
  }
  if (!isRaw && body.endsWith(`\\${quote}`))
    return {
      message: 'the backslash before the last quote makes the quote a part of the string',
      hint: String.raw`write \\ for a backslash`,
      offset: at.start + body.length - 2,
    };
  const typographic = /[\u201c-\u201f\u2018-\u201b]\W*$/.exec(body);
  if (typographic !== null)
    return {
      message: 'this string ends with a typographic quote, which does not close it',
      hint: `write ${quote}`,
      offset: at.start + typographic.index,
    };
  if (body.trim() === quote) return { message, hint: `remove it, or add the missing opening ${quote} before the text` };
  return { message, hint: `close it with ${quote}` };
}

function wrongEscape(rest: string, at: number, start: number): SyntaxExplanation {
  const escape = /^\\(?:[xX][0-9a-fA-F]?|[uU][0-9a-fA-F]*|[0-9]{1,3}|[^]|$)/u.exec(rest.slice(at))?.[0] ?? '\\';
  const hint = 'write \\\\ for a backslash, or r"…" for a string in which a backslash is a plain character';
  if (/^\\[xXuU0-9]/.test(escape))
    return {
      message: /^\\(?:[xXuU]|[0-3][0-7]?$)/.test(escape)
        ? `${escape} is an escape without all of its digits`
        : String.raw`${escape} is not an octal escape from \000 to \377`,
      hint: String.raw`write \x41, \u0041, \U00000041 or \101; or \\ for a backslash`,
      offset: start + at,
    };
  return { message: `${escape} is not an escape in a string`, hint, offset: start + at };
}

/** Explains a quote inside a string literal that ends the literal, because it is the literal's own quote character. */
function quoteInside(text: Piece): SyntaxExplanation {
  const quote = text.text.slice(-1);
  const [prefix = ''] = RAW_PREFIX.exec(text.text) ?? [];
  const isTriple = /^[a-z]*(?:"""|''')/i.test(text.text);
  const other = (quote === '"' ? "'" : '"').repeat(isTriple ? 3 : 1);
  const escaped = prefix === '' ? `write \\${quote} for a quote in the string, or ` : '';
  return {
    message: `this ${quote} ends the string`,
    hint: `${escaped}put the string into ${prefix}${other}…${other}; join two strings with +`,
    offset: text.end - 1,
  };
}
