/** JavaScript's white space as items of an RE2 class: with U+FEFF, without U+0085. */
export const SPACE = String.raw`\s\v\pZ\x{FEFF}`;
