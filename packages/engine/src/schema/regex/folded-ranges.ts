/** A range of characters, both ends included. */
export interface CharacterRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Maps a canonical character to the characters of the Basic Multilingual Plane that fold to it (flag i without u).
 * Filled at the first use.
 */
let alike: Map<number, number[]> | undefined;

/**
 * The canonical character of all characters that a pattern with the flag i treats as equal (ECMA-262, Canonicalize).
 */
function canonical(code: number): number {
  const upper = String.fromCharCode(code).toUpperCase();
  if (upper.length !== 1) return code;
  const result = upper.charCodeAt(0);
  return code >= 0x80 && result < 0x80 ? code : result;
}

function families(): Map<number, number[]> {
  if (alike !== undefined) return alike;
  alike = new Map();
  for (let code = 0; code <= 0xffff; code++) {
    const of = canonical(code);
    const members = alike.get(of);
    if (members === undefined) alike.set(of, [code]);
    else members.push(code);
  }
  return alike;
}

/** The ranges with the characters that the flag i, without u, adds to them, sorted and joined. */
export function foldedRanges(ranges: readonly CharacterRange[]): CharacterRange[] {
  const codes = new Set<number>();
  for (const { from, to } of ranges)
    for (let code = from; code <= to; code++)
      for (const other of (code <= 0xffff && families().get(canonical(code))) || [code]) codes.add(other);
  const joined: { from: number; to: number }[] = [];
  for (const code of [...codes].sort((a, b) => a - b)) {
    const last = joined.at(-1);
    if (last !== undefined && last.to === code - 1) last.to = code;
    else joined.push({ from: code, to: code });
  }
  return joined;
}
