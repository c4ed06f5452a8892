/** Helpers for texts as Go sees them: UTF-8, counted and ordered by code point. */

/** Has the text a character outside the basic plane (or half of one)? If not, positions are code points already. */
export function hasSurrogates(text: string): boolean {
  return /[\ud800-\udfff]/.test(text);
}

/** Number of code points. */
export function codePointLength(text: string): number {
  if (!hasSurrogates(text)) return text.length;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    if ((text.codePointAt(i) ?? 0) > 0xffff) i += 1;
    count += 1;
  }
  return count;
}

/** The UTF-16 position of the code point with this number; `text.length` at or behind the end. */
export function utf16Index(text: string, codePoints: number): number {
  if (!hasSurrogates(text)) return Math.min(codePoints, text.length);
  let at = 0;
  for (let i = 0; i < codePoints && at < text.length; i++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}
