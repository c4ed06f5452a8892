import { printable } from '@typekro/kit/core';

/**
 * The text as the page draws it, with at most `length` characters; a longer one ends with `…`. A surrogate pair is
 * never divided.
 */
export function shortText(whole: string, length: number): string {
  const text = printable(whole);
  if (text.length <= length) return text;
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
