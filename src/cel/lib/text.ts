/** Helpers for texts as Go sees them: UTF-8, counted and ordered by code point. */

import { hasSurrogates } from '../text.ts';

/** The UTF-16 position of a code point by its number; `text.length` for numbers at or beyond the end. */
export function utf16Index(text: string, codePoints: number): number {
  if (!hasSurrogates(text)) return Math.min(codePoints, text.length);
  let at = 0;
  for (let i = 0; i < codePoints && at < text.length; i++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}
