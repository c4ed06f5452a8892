import { grouped } from '@typekro/kit/core';

const CONTEXT = 3;
/** If the second text has at least this number of lines, its frequent lines do not start a match. */
const MANY_LINES = 200;
/**
 * The maximum number of lines (of both texts together) that are searched for common blocks. There is a limit because
 * the search takes quadratic time.
 */
const MAX_SEARCHED_LINES = 10_000;

/** A block of lines that both texts have: its start in each text, and its number of lines. */
interface Match {
  readonly before: number;
  readonly after: number;
  readonly size: number;
}

/** The hunks in which two texts differ, with three lines of context, in unified format. */
export function unifiedDifference(before: readonly string[], after: readonly string[]): string {
  const out: string[] = [];
  for (const hunk of hunksOf(matchesOf(before, after))) out.push(printHunk(hunk, before, after));
  return out.join('');
}

/**
 * The longest common blocks of lines, in order. The search finds the longest block first, and then the blocks on both
 * sides of it. In long texts, only the part between the common start and the common end is searched. If this part is
 * also too long, it counts as one change. The last match is an empty block at the end of both texts.
 */
function matchesOf(before: readonly string[], after: readonly string[]): Match[] {
  if (before.length + after.length <= MAX_SEARCHED_LINES) return searchedMatches(before, after);
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let size = 0;
  while (size < shorter - start && before.at(-1 - size) === after.at(-1 - size)) size++;
  const [middle, other] = [before.slice(start, before.length - size), after.slice(start, after.length - size)];
  const found = middle.length + other.length <= MAX_SEARCHED_LINES ? searchedMatches(middle, other).slice(0, -1) : [];
  return [
    { before: 0, after: 0, size: start },
    ...found.map((match) => ({ ...match, before: match.before + start, after: match.after + start })),
    { before: before.length - size, after: after.length - size, size },
    { before: before.length, after: after.length, size: 0 },
  ];
}

function searchedMatches(before: readonly string[], after: readonly string[]): Match[] {
  const places = placesOf(after);
  const found: Match[] = [];
  const open: [number, number, number, number][] = [[0, before.length, 0, after.length]];
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    const [from, to, other, end] = range;
    const match = longestMatch(before, after, places, range);
    if (match.size === 0) continue;
    found.push(match);
    open.push([from, match.before, other, match.after]);
    open.push([match.before + match.size, to, match.after + match.size, end]);
  }
  found.sort((a, b) => a.before - b.before);
  found.push({ before: before.length, after: after.length, size: 0 });
  return found;
}

function placesOf(lines: readonly string[]): Map<string, number[]> {
  const places = grouped(lines.keys(), (index) => lines[index] ?? '');
  if (lines.length < MANY_LINES) return places;
  const maxPlaces = Math.floor(lines.length / 100) + 1;
  return new Map([...places].filter(([, list]) => list.length <= maxPlaces));
}

function longestMatch(
  before: readonly string[],
  after: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  [from, to, other, end]: readonly [number, number, number, number],
): Match {
  let best: Match = { before: from, after: other, size: 0 };
  let lengths = new Map<number, number>();
  for (let index = from; index < to; index++) {
    const next = new Map<number, number>();
    for (const place of places.get(before[index] ?? '') ?? []) {
      if (place < other) continue;
      if (place >= end) break;
      const size = (lengths.get(place - 1) ?? 0) + 1;
      next.set(place, size);
      if (size > best.size) best = { before: index - size + 1, after: place - size + 1, size };
    }
    lengths = next;
  }
  let { before: start, after: otherStart, size } = best;
  // Lines that are too frequent to start a match may still extend a match.
  while (start > from && otherStart > other && before[start - 1] === after[otherStart - 1]) {
    start--;
    otherStart--;
    size++;
  }
  while (start + size < to && otherStart + size < end && before[start + size] === after[otherStart + size]) size++;
  return { before: start, after: otherStart, size };
}

/** A change replaces lines of the first text with lines of the second text. */
interface Change {
  readonly before: readonly [from: number, to: number];
  readonly after: readonly [from: number, to: number];
}

/** Groups the changes between matches into hunks. Changes that are separated by few lines share a hunk. */
function hunksOf(matches: readonly Match[]): Change[][] {
  const hunks: Change[][] = [];
  let [line, other] = [0, 0];
  for (const match of matches) {
    if (match.before > line || match.after > other) {
      const change: Change = { before: [line, match.before], after: [other, match.after] };
      const hunk = hunks.at(-1);
      const last = hunk?.at(-1);
      if (hunk !== undefined && last !== undefined && line - last.before[1] <= 2 * CONTEXT) hunk.push(change);
      else hunks.push([change]);
    }
    [line, other] = [match.before + match.size, match.after + match.size];
  }
  return hunks;
}

function printHunk(hunk: readonly Change[], before: readonly string[], after: readonly string[]): string {
  const [first, last] = [hunk[0], hunk.at(-1)];
  if (first === undefined || last === undefined) return '';
  const lead = Math.min(CONTEXT, first.before[0], first.after[0]);
  const trail = Math.min(CONTEXT, before.length - last.before[1], after.length - last.after[1]);
  const lines: string[] = [];
  let line = first.before[0] - lead;
  const keepUntil = (end: number) => {
    for (; line < end; line++) lines.push(` ${before[line]}`);
  };
  for (const change of hunk) {
    keepUntil(change.before[0]);
    for (; line < change.before[1]; line++) lines.push(`-${before[line]}`);
    for (const added of after.slice(...change.after)) lines.push(`+${added}`);
  }
  keepUntil(last.before[1] + trail);
  const oldSpan = rangeText(first.before[0] - lead, last.before[1] + trail);
  const newSpan = rangeText(first.after[0] - lead, last.after[1] + trail);
  return `@@ -${oldSpan} +${newSpan} @@\n${lines.join('\n')}\n`;
}

function rangeText(from: number, to: number): string {
  if (to - from === 1) return String(from + 1);
  return `${to === from ? from : from + 1},${to - from}`;
}
