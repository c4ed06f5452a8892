import { subexpressionsOf, minLength } from './re2.ts';
import { edgeOf, edgeOfParts, isDisjoint, isNullable } from './sets.ts';
import type { CharacterSet } from './sets.ts';
import type { Regex } from './syntax.ts';

/**
 * One step from the text of a match to the text of a group. RE2 tells the match, not its groups: they are told where the
 * text can be taken apart in one way only, part by part from its begin or its end.
 */
export type GroupStep =
  /** What is left without the parts at its begin or end. */
  | { readonly kind: 'drop'; readonly edge: Edge; readonly parts: readonly Regex[] }
  /** The part at its begin or end. */
  | { readonly kind: 'take'; readonly edge: Edge; readonly part: Regex }
  /** A group inside is `undefined` where the text is empty. */
  | { readonly kind: 'optional' };

type Edge = 'first' | 'last';

/** The steps to each group, by its number, whose place in the match can be told. */
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

/** The parts of a sequence whose text can be told, each with the steps to it. */
function takenApart(sequence: readonly Regex[], flags: string): ReadonlyMap<Regex, readonly GroupStep[]> {
  // Marks match no text.
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

/** The steps with one more part that is dropped; neighbours are dropped at once. */
function dropPart(steps: readonly GroupStep[], edge: Edge, part: Regex): readonly GroupStep[] {
  const last = steps.at(-1);
  if (last?.kind !== 'drop' || last.edge !== edge) return [...steps, { kind: 'drop', edge, parts: [part] }];
  const parts = edge === 'first' ? [...last.parts, part] : [part, ...last.parts];
  return [...steps.slice(0, -1), { kind: 'drop', edge, parts }];
}

const isMark = (node: Regex): boolean => ['start', 'end', 'boundary', 'inside'].includes(node.kind);
const holdsMark = (node: Regex): boolean => isMark(node) || subexpressionsOf(node).some(holdsMark);

/**
 * Is the longest match of a part at its edge of the text the only one that what stands beside it allows? `beside` are
 * the characters that may come next. From the begin, `edge` is `first`; from the end, all is read backwards.
 */
function isSure(node: Regex, beside: CharacterSet, edge: Edge, flags: string): boolean {
  if (holdsMark(node)) return false;
  if (minLength(node) === maxLength(node)) return true;
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

/** How many characters a match has at most. */
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

/** The node without groups and with the longest matches first. */
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
