const SPACE = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${SPACE}]+`);
const ONE_SPACE = new RegExp(`[${SPACE}]`);

/** Is this character white space according to Go's `unicode.IsSpace`? */
export function isGoSpace(character: string): boolean {
  return ONE_SPACE.test(character);
}

/** Removes Go's white space at both ends. */
export function goTrim(text: string): string {
  let end = text.length;
  while (end > 0 && isGoSpace(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end).replace(LEADING, '');
}
