/**
 * Long strings are compared in parts of this length, in UTF-16 units. The engine's own comparison finds equal parts
 * faster than a loop.
 */
const PART_LENGTH = 1024;

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

/**
 * Matches the first action of a Go template, as in a Helm chart: `{{- if .Values.crds }}`. An action begins with
 * a field, a variable, a literal, a parenthesis, a comment, a keyword of Go, or a function. The recognized functions are
 * those of Go, and those of Helm that charts often call first. Actions with the same form in other templates also match,
 * such as `{{ $labels.instance }}` in an alert.
 */
export const TEMPLATE_ACTION =
  /\{\{-?\s*(?:[.$/("`]|(?:if|else|end|range|with|break|continue|define|template|block|and|or|not|eq|ne|lt|le|gt|ge|len|index|slice|call|html|js|urlquery|print|printf|println|include|tpl|required|default|coalesce|ternary|lookup|fail|quote|squote|toYaml|toJson|fromYaml|fromJson|indent|nindent|trim|lower|upper|list|dict|randAlphaNum|genCA|now)\b)/;

/**
 * Compares strings as Go does: by UTF-8 bytes, which is also the order of code points. JavaScript's `<` compares UTF-16
 * units instead.
 */
export function compareText(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i + PART_LENGTH < length && a.slice(i, i + PART_LENGTH) === b.slice(i, i + PART_LENGTH)) i += PART_LENGTH;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  if (i === length) return a.length < b.length ? -1 : 1;
  return adjusted(a.charCodeAt(i)) < adjusted(b.charCodeAt(i)) ? -1 : 1;
}

/**
 * Maps a UTF-16 unit to a number in the order of code points. Surrogates come after all other units, because they
 * encode code points beyond the basic plane.
 */
function adjusted(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x2000 : unit + 0x2000;
}

/**
 * Sets of characters as items of an RE2 class: JavaScript's white space, with U+FEFF and without U+0085, and the
 * characters that `toLowerCase` and `toUpperCase` change.
 */
export const CHARACTERS = {
  space: String.raw`\s\v\pZ\x{FEFF}`,
  notLower: String.raw`\p{Lu}\p{Lt}\x{2160}-\x{216F}\x{24B6}-\x{24CF}`,
  notUpper: String.raw`\p{Ll}\p{Lt}\x{345}\x{149}\x{2170}-\x{217F}\x{24D0}-\x{24E9}`,
} as const;
