import { subexpressionsOf, minMatchLength } from './re2.ts';
import { type CharacterSet, edgeOf, edgeOfParts, isDisjoint, isNullable } from './sets.ts';
import type { Regex } from './syntax.ts';

/**
 * One step from the text of a match to the text of a group. RE2's `find` returns the match and not its groups. The text
 * of a group is known only when the match can be split in one way, part by part from its start or its end.
 */
export type GroupStep =
  /** The remaining text without the parts at its start or end. */
  | { readonly kind: 'drop'; readonly edge: Edge; readonly parts: readonly Regex[] }
  /** The part at the start or end of the remaining text. */
  | { readonly kind: 'take'; readonly edge: Edge; readonly part: Regex }
  /** The remaining text belongs to an optional part: a group inside is `undefined` when the text is empty. */
  | { readonly kind: 'optional' };

type Edge = 'first' | 'last';

/** The steps to each group whose position in the match is known, by the number of the group. */
export function stepsToGroups(root: Regex, flags: string): ReadonlyMap<number, readonly GroupStep[]> {
  const places = new Map<number, readonly GroupStep[]>();
  const visit = (node: Regex, steps: readonly GroupStep[]): void => {
    if (node.kind === 'group') {
      if (node.index !== undefined) places.set(node.index, steps);
      visit(node.body, steps);
    } else if (node.kind === 'repeat' && node.max === 1) {
      visit(node.body, node.min === 1 ? steps : [...steps, { kind: 'optional' }]);
    } else if (node.kind === 'sequence') {
      for (const [part, more] of takenApart(node.parts, flags)) visit(part, [...steps, ...more]);
    }
  };
  visit(root, []);
  return places;
}

/** The parts of a sequence whose text is known, each with the steps to it. */
function takenApart(sequence: readonly Regex[], flags: string): ReadonlyMap<Regex, readonly GroupStep[]> {
  // Anchors match no text.
  let rest: readonly Regex[] = sequence.filter((part) => !isMark(part));
  let dropped: readonly GroupStep[] = [];
  const found = new Map<Regex, readonly GroupStep[]>();
  const takeOff = (part: Regex, edge: Edge, others: readonly Regex[]): boolean => {
    if (!isSure(part, edgeOfParts(others, edge, flags), edge, flags)) return false;
    found.set(part, [...dropped, { kind: 'take', edge, part: greedy(part) }]);
    dropped = dropPart(dropped, edge, greedy(part));
    rest = others;
    return true;
  };
  const step = (): boolean =>
    takeOff(rest[0] as Regex, 'first', rest.slice(1)) || takeOff(rest.at(-1) as Regex, 'last', rest.slice(0, -1));
  while (rest.length > 1 && step());
  if (rest.length === 1) found.set(rest[0] as Regex, dropped);
  return found;
}

/** Adds a step that drops a part. Parts at the same edge are dropped in one step. */
function dropPart(steps: readonly GroupStep[], edge: Edge, part: Regex): readonly GroupStep[] {
  const last = steps.at(-1);
  if (last?.kind !== 'drop' || last.edge !== edge) return [...steps, { kind: 'drop', edge, parts: [part] }];
  const parts = edge === 'first' ? [...last.parts, part] : [part, ...last.parts];
  return [...steps.slice(0, -1), { kind: 'drop', edge, parts }];
}

const isMark = (node: Regex): boolean => ['start', 'end', 'boundary', 'inside'].includes(node.kind);
const holdsMark = (node: Regex): boolean => isMark(node) || subexpressionsOf(node).some(holdsMark);

/**
 * Can a part at an edge of the text match only in one way, with its longest match? `beside` are the characters that may
 * follow the part. With the edge `last`, the text is read backwards from its end.
 */
function isSure(node: Regex, beside: CharacterSet, edge: Edge, flags: string): boolean {
  if (holdsMark(node)) return false;
  if (minMatchLength(node) === maxLength(node)) return true;
  switch (node.kind) {
    case 'group':
      return isSure(node.body, beside, edge, flags);
    case 'repeat': {
      const own = edgeOf(node.body, edge, flags);
      if (isNullable(node.body) || !isDisjoint(own, beside)) return false;
      return isSure(node.body, node.max === 1 ? beside : [...beside, ...own], edge, flags);
    }
    case 'sequence': {
      const parts = edge === 'first' ? node.parts : node.parts.toReversed();
      return parts.every((part, position) => {
        const next = parts.slice(position + 1);
        const inOrder = edge === 'first' ? next : next.toReversed();
        const follows = edgeOfParts(inOrder, edge, flags);
        return isSure(part, next.every(isNullable) ? [...follows, ...beside] : follows, edge, flags);
      });
    }
    case 'choice': {
      const firsts = node.options.map((option) => edgeOf(option, edge, flags));
      const apart = firsts.every((one, position) =>
        firsts.slice(position + 1).every((other) => isDisjoint(one, other)),
      );
      if (!apart || node.options.some(isNullable)) return false;
      return node.options.every((option) => isSure(option, beside, edge, flags));
    }
    default:
      return false;
  }
}

/** The maximum length of a match. */
function maxLength(node: Regex): number {
  switch (node.kind) {
    case 'char':
    case 'any':
    case 'class':
      return 1;
    case 'repeat':
      return node.max === 0 ? 0 : node.max * maxLength(node.body);
    case 'choice':
      return Math.max(...node.options.map(maxLength));
    default:
      return subexpressionsOf(node).reduce((sum, part) => sum + maxLength(part), 0);
  }
}

/** The node without captures, and with greedy quantifiers. */
function greedy(node: Regex): Regex {
  switch (node.kind) {
    case 'group':
      return { kind: 'group', body: greedy(node.body), captures: false };
    case 'repeat':
      return { ...node, body: greedy(node.body), lazy: false };
    case 'sequence':
      return { ...node, parts: node.parts.map(greedy) };
    case 'choice':
      return { ...node, options: node.options.map(greedy) };
    default:
      return node;
  }
}
