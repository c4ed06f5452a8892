/** What JavaScript takes for white space, as items of an RE2 class: U+FEFF is one, U+0085 is none. */
export const SPACE = String.raw`\s\v\pZ\x{FEFF}`;
