import type { LayoutInput, Point } from './layout.ts';

/** A box with its position: the upper left corner. */
export interface Placed extends Point {
  readonly width: number;
  readonly height: number;
}

/** The part of the picture that the boxes of one level take, along the direction of the graph. */
interface Level {
  readonly start: number;
  readonly end: number;
}

/**
 * Makes a function that routes a line between two of the boxes, through the points that the layout keeps free. A line
 * leaves a box at the side towards the next level, in the middle, and arrives at the opposite side of the box that
 * reads the value. The line changes its lane only between levels, where there are no boxes. Therefore the line crosses
 * no other box.
 */
export function createRouter(
  boxes: readonly Placed[],
  direction: LayoutInput['direction'],
): (from: Placed, to: Placed, free: readonly Point[]) => readonly Point[] {
  const isRight = direction === 'LR';
  const along = ({ x, y }: Point): number => (isRight ? x : y);
  const lane = ({ x, y }: Point): number => (isRight ? y : x);
  const pointOf = (at: number, of: number): Point => (isRight ? { x: at, y: of } : { x: of, y: at });
  const sides = (box: Placed): Level => ({ start: along(box), end: along(box) + (isRight ? box.width : box.height) });
  const laneOf = (box: Placed): number => lane(box) + (isRight ? box.height : box.width) / 2;
  const levels = levelsOf(boxes.map(sides));
  const levelAt = (at: number): number => levels.findIndex(({ start, end }) => start <= at && at <= end);

  return (from, to, free) => {
    const [first, last] = [sides(from), sides(to)];
    // A line that closes a cycle points backwards.
    const isForward = first.start < last.start;
    const [before, after] = isForward ? (['start', 'end'] as const) : (['end', 'start'] as const);
    const points: Point[] = [pointOf(first[after], laneOf(from))];
    let [level, current] = [levelAt(first.start), laneOf(from)];
    const change = (next: number, nextLane: number): void => {
      const [leaves, enters] = [levels[level]?.[after] ?? 0, levels[next]?.[before] ?? 0];
      const quarter = (enters - leaves) / 4;
      // A box can be smaller than its level. The line stays in its lane up to the edge of the level.
      points.push(
        pointOf(leaves, current),
        pointOf(leaves + quarter, current),
        pointOf(enters - quarter, nextLane),
        pointOf(enters, nextLane),
      );
      [level, current] = [next, nextLane];
    };
    // The points at the ends are on the boxes, and those between levels are not needed.
    for (const point of free.slice(1, -1)) {
      const found = levels[levelAt(along(point))];
      if (found === undefined) continue;
      change(levels.indexOf(found), lane(point));
    }
    change(levelAt(last.start), laneOf(to));
    points.push(pointOf(last[before], current));
    return points.filter(({ x, y }, index) => x !== points[index - 1]?.x || y !== points[index - 1]?.y);
  };
}

/** The levels of boxes in their order: boxes whose extents in the direction of the graph overlap are in one level. */
function levelsOf(sides: readonly Level[]): Level[] {
  const levels: Level[] = [];
  for (const { start, end } of sides.toSorted((a, b) => a.start - b.start)) {
    const last = levels.at(-1);
    if (last === undefined || start > last.end) levels.push({ start, end });
    else levels[levels.length - 1] = { start: last.start, end: Math.max(last.end, end) };
  }
  return levels;
}
