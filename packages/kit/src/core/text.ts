/** The first `maxLength` UTF-16 units of a string, or one unit less if the cut would divide a surrogate pair. */
export const textPrefix = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '');

/** `web` → `Web`. */
export function upperFirst(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `web-app` and `my kind` → `WebApp` and `MyKind`: letters and digits of every word, capitalised. */
export function pascalCase(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map(upperFirst)
    .join('');
}

/** The noun for a number of things: `noun` for 1, `plural` for every other number. */
export function nounFor(number: number | bigint, noun: string, plural = `${noun}s`): string {
  return Number(number) === 1 ? noun : plural;
}

/** Formats a number with its noun: `1 error`, `2 errors`. */
export function count(number: number | bigint, noun: string, plural?: string): string {
  return `${number} ${nounFor(number, noun, plural)}`;
}

/**
 * The first `max` texts of a list, and the number of the others: `a, b and 3 more`.
 *
 * @param before stands before `and 3 more`
 */
export function listed(texts: readonly string[], max: number, separator = ', ', before = ' '): string {
  const shown = texts.slice(0, max).join(separator);
  return texts.length > max ? `${shown}${before}and ${texts.length - max} more` : shown;
}

/**
 * The index of the quotation mark that closes a quoted string. `open` is the index of the quotation mark that opens it.
 * A backslash escapes the next character, as in JSON. Undefined for a string without an end.
 */
export function closingQuote(text: string, open: number): number | undefined {
  for (let close = text.indexOf('"', open + 1); close >= 0; close = text.indexOf('"', close + 1)) {
    let escapes = close;
    while (text.charCodeAt(escapes - 1) === BACKSLASH) escapes -= 1;
    if ((close - escapes) % 2 === 0) return close;
  }
  return undefined;
}

const BACKSLASH = 0x5c;

/** Decodes the percent escapes of a part of a URL (`a%2Fb` → `a/b`). A part with a malformed escape is unchanged. */
export function percentDecoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
