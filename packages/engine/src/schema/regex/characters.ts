/**
 * Sets of characters as items of an RE2 class: JavaScript's white space, with U+FEFF and without U+0085, and the
 * characters that `toLowerCase` and `toUpperCase` change.
 */
export const CHARACTERS = {
  space: String.raw`\s\v\pZ\x{FEFF}`,
  notLower: String.raw`\p{Lu}\p{Lt}\x{2160}-\x{216F}\x{24B6}-\x{24CF}`,
  notUpper: String.raw`\p{Ll}\p{Lt}\x{345}\x{149}\x{2170}-\x{217F}\x{24D0}-\x{24E9}`,
} as const;
