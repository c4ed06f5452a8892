/** A line of two compared texts. An equal line is in both. */
export interface DiffLine {
  readonly kind: 'equal' | 'removed' | 'added';
  readonly text: string;
  /** The number of the line in the first text, from 1; absent for an added line. */
  readonly before?: number;
  /** The number of the line in the second text, from 1; absent for a removed line. */
  readonly after?: number;
}

/**
 * Texts that differ by more edits than this have little in common. All lines between their common start and their
 * common end then count as different.
 */
const MAX_EDITS = 600;

/** The lines of two texts with their differences (Myers' algorithm: the fewest removed and added lines). */
export function diffLines(beforeText: string, afterText: string): DiffLine[] {
  const before = beforeText.replace(/\n$/, '').split('\n');
  const after = afterText.replace(/\n$/, '').split('\n');
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const shorter = Math.min(before.length, after.length) - start;
  while (end < shorter && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const middle = differentLines(before.slice(start, before.length - end), after.slice(start, after.length - end));
  const lines: DiffLine[] = [];
  let [old, now] = [0, 0];
  const push = (kind: DiffLine['kind']): void => {
    const text = (kind === 'added' ? after[now] : before[old]) ?? '';
    if (kind !== 'added') old += 1;
    if (kind !== 'removed') now += 1;
    lines.push({
      kind,
      text,
      ...(kind === 'added' ? {} : { before: old }),
      ...(kind === 'removed' ? {} : { after: now }),
    });
  };
  for (let index = 0; index < start; index += 1) push('equal');
  for (const kind of middle) push(kind);
  for (let index = 0; index < end; index += 1) push('equal');
  return lines;
}

function differentLines(before: readonly string[], after: readonly string[]): DiffLine['kind'][] {
  const limit = Math.min(before.length + after.length, MAX_EDITS);
  /**
   * At index n, for each diagonal: the furthest position in `before` on this diagonal that fewer than n edits reach.
   */
  const steps: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= limit; edits += 1) {
    steps.push(furthest);
    const next = new Map(furthest);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOf(furthest, diagonal, edits);
      let y = x - diagonal;
      while (x < before.length && y < after.length && before[x] === after[y]) {
        x += 1;
        y += 1;
      }
      next.set(diagonal, x);
      if (x >= before.length && y >= after.length) return trace(steps, before.length, after.length);
    }
    furthest = next;
  }
  return [...before.map((): DiffLine['kind'] => 'removed'), ...after.map((): DiffLine['kind'] => 'added')];
}

/**
 * The position in `before` at which an edit reaches a diagonal: an added line leads from the next diagonal to it, a
 * removed line from the previous one.
 */
function startOf(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  const added = furthest.get(diagonal + 1) ?? -1;
  const removed = furthest.get(diagonal - 1) ?? -1;
  return diagonal === -edits || (diagonal !== edits && removed < added) ? added : removed + 1;
}

/** Follows the edits from the ends of both texts back to their starts. Returns them in the order of the texts. */
function trace(
  steps: readonly ReadonlyMap<number, number>[],
  oldLength: number,
  newLength: number,
): DiffLine['kind'][] {
  const kinds: DiffLine['kind'][] = [];
  let x = oldLength;
  let y = newLength;
  for (let edits = steps.length - 1; edits >= 0; edits -= 1) {
    const furthest = steps[edits] ?? new Map<number, number>();
    const diagonal = x - y;
    const added = furthest.get(diagonal + 1) ?? -1;
    const removed = furthest.get(diagonal - 1) ?? -1;
    const isAdded = diagonal === -edits || (diagonal !== edits && removed < added);
    const beforeX = isAdded ? added : removed;
    const beforeY = beforeX - (isAdded ? diagonal + 1 : diagonal - 1);
    while (x > beforeX && y > beforeY && x > 0 && y > 0) {
      kinds.push('equal');
      x -= 1;
      y -= 1;
    }
    if (edits > 0) kinds.push(isAdded ? 'added' : 'removed');
    x = beforeX;
    y = beforeY;
  }
  return kinds.reverse();
}

/** A row of two texts side by side. */
export interface SideRow {
  readonly left?: DiffLine;
  readonly right?: DiffLine;
}

/** Puts a removed line and the added line that replaces it into one row. */
export function sideBySide(lines: readonly DiffLine[]): SideRow[] {
  const rows: SideRow[] = [];
  let removed: DiffLine[] = [];
  let added: DiffLine[] = [];
  const flush = (): void => {
    for (let index = 0; index < Math.max(removed.length, added.length); index += 1) {
      const [left, right] = [removed[index], added[index]];
      rows.push({ ...(left === undefined ? {} : { left }), ...(right === undefined ? {} : { right }) });
    }
    [removed, added] = [[], []];
  };
  for (const line of lines) {
    if (line.kind === 'removed') removed.push(line);
    else if (line.kind === 'added') added.push(line);
    else {
      flush();
      rows.push({ left: line, right: line });
    }
  }
  flush();
  return rows;
}

/** A part of a comparison: lines, or a number of equal lines that are left out. */
export type DiffPart = { readonly lines: readonly DiffLine[] } | { readonly skipped: number };

/** Leaves out equal lines that are further than `context` lines from a difference. */
export function foldEqual(lines: readonly DiffLine[], context = 3): DiffPart[] {
  const near = new Set<number>();
  for (const [index, { kind }] of lines.entries()) {
    if (kind === 'equal') continue;
    for (let at = index - context; at <= index + context; at += 1) near.add(at);
  }
  const parts: DiffPart[] = [];
  let open: DiffLine[] = [];
  let skipped = 0;
  const flush = (): void => {
    if (open.length > 0) parts.push({ lines: open });
    if (skipped > 0) parts.push({ skipped });
    open = [];
    skipped = 0;
  };
  for (const [index, line] of lines.entries()) {
    if (near.has(index) === skipped > 0) flush();
    if (near.has(index)) open.push(line);
    else skipped += 1;
  }
  flush();
  return parts;
}
