import { type CharacterRange, foldedRanges, subexpressionsOf, minMatchLength } from './re2.ts';
import type { ClassItem, Regex } from './syntax.ts';

/** A set of characters as ranges. */
export type CharacterSet = readonly CharacterRange[];

const MAX_CODE_POINT = 0x10ffff;
const ALL: CharacterSet = [{ from: 0, to: MAX_CODE_POINT }];
const ranges = (...pairs: readonly (readonly [number, number])[]): CharacterSet =>
  pairs.map(([from, to]) => ({ from, to }));
const LINE_ENDS = ranges([0xa, 0xa], [0xd, 0xd], [0x2028, 0x2029]);
const SPACES = ranges(
  [0x9, 0xd],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
);
const ESCAPES = {
  d: ranges([0x30, 0x39]),
  w: ranges([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]),
  s: SPACES,
};

/** The characters that are not in a set. */
function complement(set: CharacterSet): CharacterSet {
  const result: CharacterRange[] = [];
  let next = 0;
  for (const { from, to } of [...set].sort((a, b) => a.from - b.from)) {
    if (from > next) result.push({ from: next, to: from - 1 });
    next = Math.max(next, to + 1);
  }
  if (next <= MAX_CODE_POINT) result.push({ from: next, to: MAX_CODE_POINT });
  return result;
}

/** Do the two sets have no character in common? */
export const isDisjoint = (a: CharacterSet, b: CharacterSet): boolean =>
  a.every((one) => b.every((other) => one.to < other.from || other.to < one.from));

/** The characters that a node of one character may match; all characters when the exact set is not known. */
function charactersOf(node: Regex & { readonly kind: 'char' | 'any' | 'class' }, flags: string): CharacterSet {
  const folds = flags.includes('i');
  if (node.kind === 'char') {
    const one = ranges([node.code, node.code]);
    return folds ? foldedSet(one, flags) : one;
  }
  if (node.kind === 'any') return flags.includes('s') ? ALL : complement(LINE_ENDS);
  if (folds && (node.negated || node.items.some((item) => !('from' in item)))) return ALL;
  const sets = node.items.map(itemSet);
  if (sets.includes(ALL)) return ALL;
  const all = sets.flat();
  if (folds) return foldedSet(all, flags);
  return node.negated ? complement(all) : all;
}

/** The characters outside ASCII that match a letter of ASCII with the flags i and u. */
const UNICODE_FOLDS = [
  { letter: ranges([0x73, 0x73]), also: ranges([0x17f, 0x17f]) },
  { letter: ranges([0x6b, 0x6b]), also: ranges([0x212a, 0x212a]) },
];

/**
 * The characters that a set matches with the flag i. Returns all characters if the result is not known: for a large
 * range, and with the flag u for a set with other characters than ASCII.
 */
function foldedSet(set: CharacterSet, flags: string): CharacterSet {
  const isUnicode = flags.includes('u');
  if (set.some(({ from, to }) => to - from > 0xff || (isUnicode && to > 0x7f))) return ALL;
  const folded = foldedRanges(set);
  // With the flag u, JavaScript folds like RE2: U+017F matches `s`, and U+212A matches `k`.
  const added = UNICODE_FOLDS.filter(({ letter }) => !isDisjoint(folded, letter)).flatMap(({ also }) => also);
  return isUnicode ? [...folded, ...added] : folded;
}

function itemSet(item: ClassItem): CharacterSet {
  if ('from' in item) return [item];
  if ('category' in item) return ALL;
  const set = ESCAPES[item.escape.toLowerCase() as 'd' | 'w' | 's'];
  return item.escape === item.escape.toLowerCase() ? set : complement(set);
}

/** Can a node match the empty string? */
export const isNullable = (node: Regex): boolean => minMatchLength(node) === 0;

/** The characters with which a match can begin or end. */
export function edgeOf(node: Regex, edge: 'first' | 'last', flags: string): CharacterSet {
  switch (node.kind) {
    case 'char':
    case 'any':
    case 'class':
      return charactersOf(node, flags);
    case 'sequence':
      return edgeOfParts(node.parts, edge, flags);
    default:
      return subexpressionsOf(node).flatMap((child) => edgeOf(child, edge, flags));
  }
}

/** The characters with which a match of a sequence of nodes can begin or end. */
export function edgeOfParts(parts: readonly Regex[], edge: 'first' | 'last', flags: string): CharacterSet {
  const inOrder = edge === 'first' ? parts : parts.toReversed();
  const upTo = inOrder.findIndex((part) => !isNullable(part));
  return inOrder.slice(0, upTo === -1 ? undefined : upTo + 1).flatMap((part) => edgeOf(part, edge, flags));
}
