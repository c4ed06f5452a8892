import type { Point } from './layout.ts';

const round = (value: number): number => Math.round(value * 10) / 10;

/**
 * A smooth SVG path from the first point to the last. Each point between them is the control point of one curve. The
 * curve ends in the middle of the next segment, and the last curve ends at the last point.
 */
export function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const last = rest.at(-1);
  if (last === undefined) return `M${round(first.x)} ${round(first.y)}`;
  const parts = [`M${round(first.x)} ${round(first.y)}`];
  for (const [index, point] of rest.slice(0, -1).entries()) {
    const next = rest[index + 1] ?? last;
    const end = index === rest.length - 2 ? last : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    parts.push(`Q${round(point.x)} ${round(point.y)} ${round(end.x)} ${round(end.y)}`);
  }
  if (rest.length === 1) parts.push(`L${round(last.x)} ${round(last.y)}`);
  return parts.join('');
}

/** The point at a part of the length of a line: 0 is its start, 0.5 its middle, and 1 its end. */
export function pointAt(points: readonly Point[], part: number): Point {
  const lengths = points.slice(1).map((point, index) => distance(points[index] ?? point, point));
  let left = lengths.reduce((sum, length) => sum + length, 0) * part;
  for (const [index, length] of lengths.entries()) {
    const [from, to] = [points[index], points[index + 1]];
    if (from === undefined || to === undefined) break;
    if (left <= length && length > 0) {
      const share = left / length;
      return { x: round(from.x + (to.x - from.x) * share), y: round(from.y + (to.y - from.y) * share) };
    }
    left -= length;
  }
  return points[0] ?? { x: 0, y: 0 };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y);
}
