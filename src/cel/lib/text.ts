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

const STRETCH = 1024;

/** Order of Go strings, which is the order of code points: `<`, except that JavaScript compares UTF-16 units. */
export function compareText(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let i = 0;
  // Whole stretches first, which the engine compares at once.
  while (i + STRETCH < length && a.slice(i, i + STRETCH) === b.slice(i, i + STRETCH)) i += STRETCH;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  if (i === length) return a.length < b.length ? -1 : 1;
  return adjusted(a.charCodeAt(i)) < adjusted(b.charCodeAt(i)) ? -1 : 1;
}

/** Moves surrogates above the rest of the basic plane. */
function adjusted(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x2000 : unit + 0x2000;
}
