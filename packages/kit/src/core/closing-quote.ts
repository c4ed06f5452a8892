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
