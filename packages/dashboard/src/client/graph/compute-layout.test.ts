import { expect, test } from 'vitest';
import { computeLayout } from './compute-layout.ts';
import { type LayoutInput, layoutKey, lineKey, shapeOf } from './layout.ts';
import { pathOf } from './line-path.ts';

const boxes = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `n${index}`, width: 200, height: 50 }));
const overlaps = (input: LayoutInput): string[] => {
  const layout = computeLayout(input);
  const placed = input.boxes.map((box) => ({
    ...box,
    ...(layout.boxes.get(box.id) ?? { x: Number.NaN, y: Number.NaN }),
  }));
  return placed.flatMap((a, index) =>
    placed
      .slice(index + 1)
      .filter((b) => !(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y))
      .map((b) => `${a.id} ${b.id}`),
  );
};

test.each([
  ['a chain', { boxes: boxes(5), lines: boxes(4).map((_, index) => ({ from: `n${index}`, to: `n${index + 1}` })) }],
  ['a star', { boxes: boxes(40), lines: boxes(39).map((_, index) => ({ from: 'n0', to: `n${index + 1}` })) }],
  ['boxes without lines', { boxes: boxes(60), lines: [] }],
  ['boxes with and without lines', { boxes: boxes(30), lines: [{ from: 'n0', to: 'n1' }] }],
  [
    'a cycle',
    {
      boxes: boxes(2),
      lines: [
        { from: 'n0', to: 'n1' },
        { from: 'n1', to: 'n0' },
      ],
    },
  ],
  ['nothing', { boxes: [], lines: [] }],
])('%s: no box overlaps another, and all lie inside the layout', (_title, graph) => {
  for (const direction of ['LR', 'TB'] as const) {
    const input = { ...graph, direction, columns: 4 };
    expect(overlaps(input)).toEqual([]);
    const layout = computeLayout(input);
    for (const { id, width, height } of input.boxes) {
      const { x, y } = layout.boxes.get(id) ?? { x: -1, y: -1 };
      expect(x >= 0 && y >= 0 && x + width <= layout.width && y + height <= layout.height).toBe(true);
    }
    expect(layout.lines.size).toBe(new Set(input.lines.map(lineKey)).size);
  }
});

test('a box that is read lies before its readers', () => {
  const input = { boxes: boxes(2), lines: [{ from: 'n1', to: 'n0' }] };
  const [left, top] = [
    computeLayout({ ...input, direction: 'LR', columns: 4 }),
    computeLayout({ ...input, direction: 'TB', columns: 4 }),
  ];
  expect((left.boxes.get('n1')?.x ?? 0) + 200).toBeLessThan(left.boxes.get('n0')?.x ?? 0);
  expect((top.boxes.get('n1')?.y ?? 0) + 50).toBeLessThan(top.boxes.get('n0')?.y ?? 0);
});

/** Points of a drawn path, 24 of each curve. */
function pointsOfPath(path: string): { readonly x: number; readonly y: number }[] {
  const parts = [...path.matchAll(/[MQL]([^MQL]*)/g)].map(([, text = '']) => text.trim().split(' ').map(Number));
  const points: { x: number; y: number }[] = [];
  for (const part of parts) {
    const start = points.at(-1) ?? { x: part[0] ?? 0, y: part[1] ?? 0 };
    const [cx = 0, cy = 0] = part;
    const [x = 0, y = 0] = part.slice(-2);
    for (let step = 1; step <= 24; step += 1) {
      const t = step / 24;
      const at = (a: number, b: number, c: number): number => (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t ** 2 * c;
      points.push({ x: at(start.x, cx, x), y: at(start.y, cy, y) });
    }
  }
  return points;
}

/** A graph with boxes of several heights, and lines over several levels. The same seed produces the same graph. */
function randomGraph(seed: number, direction: LayoutInput['direction']): LayoutInput {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const many = boxes(3 + random(30)).map((box) => ({ ...box, height: [56, 78, 240][random(3)] ?? 56 }));
  const lines = many.flatMap(({ id }, index) =>
    Array.from({ length: index === 0 ? 0 : random(4) }, () => ({ from: `n${random(index)}`, to: id })),
  );
  // Pictures with groups may have cycles.
  if (seed % 3 === 0) lines.push({ from: `n${many.length - 1}`, to: 'n0' });
  return {
    boxes: many,
    lines: [...new Map(lines.map((line) => [lineKey(line), line])).values()],
    direction,
    columns: 4,
  };
}

test.each(Array.from({ length: 60 }, (_, seed) => [seed + 1, seed % 2 === 0 ? 'LR' : 'TB'] as const))(
  'each line of graph %i (%s) crosses no third box, and starts and ends at the sides of its two boxes',
  (seed, direction) => {
    const input = randomGraph(seed, direction);
    const layout = computeLayout(input);
    const placed = input.boxes.map((box) => ({ ...box, ...(layout.boxes.get(box.id) ?? { x: 0, y: 0 }) }));
    const crossed = input.lines.flatMap((line) => {
      const drawn = pointsOfPath(pathOf(layout.lines.get(lineKey(line)) ?? []));
      expect(drawn.length).toBeGreaterThan(0);
      expect(drawn.every(({ x, y }) => x > 0 && y > 0 && x < layout.width && y < layout.height)).toBe(true);
      return placed
        .filter(({ id, x, y, width, height }) => {
          // The ends of the line may touch its own boxes, but the line may not enter them.
          const space = id === line.from || id === line.to ? -1 : 8;
          return drawn.some(
            (point) =>
              point.x > x - space && point.x < x + width + space && point.y > y - space && point.y < y + height + space,
          );
        })
        .map(({ id }) => `${lineKey(line)} crosses ${id}`);
    });
    expect(crossed).toEqual([]);
    const axis = direction === 'LR' ? 'x' : 'y';
    for (const line of input.lines) {
      const points = layout.lines.get(lineKey(line)) ?? [];
      const [from, to] = [placed.find(({ id }) => id === line.from), placed.find(({ id }) => id === line.to)];
      const size = (box: typeof from): number => (direction === 'LR' ? box?.width : box?.height) ?? 0;
      const isForward = (from?.[axis] ?? 0) < (to?.[axis] ?? 0);
      expect(points[0]?.[axis]).toBe((from?.[axis] ?? 0) + (isForward ? size(from) : 0));
      expect(points.at(-1)?.[axis]).toBe((to?.[axis] ?? 0) + (isForward ? 0 : size(to)));
    }
  },
);

test('the same input has the same key and the same positions', () => {
  const input: LayoutInput = { boxes: boxes(9), lines: [{ from: 'n0', to: 'n1' }], direction: 'LR', columns: 4 };
  const copy = structuredClone(input);
  expect(layoutKey(copy)).toBe(layoutKey(input));
  expect(computeLayout(copy)).toEqual(computeLayout(input));
  expect(layoutKey({ ...input, direction: 'TB' })).not.toBe(layoutKey(input));
});

test.each<[string, readonly string[], readonly number[]]>([
  ['no line', [], [1, 1]],
  ['two levels', ['a b'], [2, 1]],
  ['two levels and three readers', ['a b', 'a c', 'a d'], [2, 3]],
  ['five levels and its lines in another order', ['d e', 'c d', 'b c', 'a b'], [5, 1]],
  ['a cycle', ['a b', 'b a'], [12, 2]],
])('shapeOf counts the levels of a graph with %s, and the nodes of its largest level', (_title, lines, expected) => {
  const parts = lines.map((line) => line.split(' '));
  const { levels, breadth } = shapeOf(parts.map(([from = '', to = '']) => ({ from, to })));
  expect([levels, breadth]).toEqual(expected);
});
