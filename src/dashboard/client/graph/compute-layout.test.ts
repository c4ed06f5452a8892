import { expect, test } from 'vitest';
import { computeLayout } from './compute-layout.ts';
import type { LayoutInput } from './layout.ts';
import { directionOf, layoutKey, lineKey } from './layout.ts';

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
    const input = { ...graph, direction };
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
  const [left, top] = [computeLayout({ ...input, direction: 'LR' }), computeLayout({ ...input, direction: 'TB' })];
  expect((left.boxes.get('n1')?.x ?? 0) + 200).toBeLessThan(left.boxes.get('n0')?.x ?? 0);
  expect((top.boxes.get('n1')?.y ?? 0) + 50).toBeLessThan(top.boxes.get('n0')?.y ?? 0);
});

test('the same input has the same key and the same positions', () => {
  const input: LayoutInput = { boxes: boxes(9), lines: [{ from: 'n0', to: 'n1' }], direction: 'LR' };
  const copy = structuredClone(input);
  expect(layoutKey(copy)).toBe(layoutKey(input));
  expect(computeLayout(copy)).toEqual(computeLayout(input));
  expect(layoutKey({ ...input, direction: 'TB' })).not.toBe(layoutKey(input));
});

test.each([
  ['two levels', [['a', 'b']], false, 'LR'],
  ['two levels in a narrow window', [['a', 'b']], true, 'TB'],
  [
    'five levels',
    [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
      ['d', 'e'],
    ],
    false,
    'TB',
  ],
  [
    'five levels in another order',
    [
      ['d', 'e'],
      ['c', 'd'],
      ['b', 'c'],
      ['a', 'b'],
    ],
    false,
    'TB',
  ],
  [
    'a cycle',
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    false,
    'TB',
  ],
] as const)('the direction for %s', (_title, lines, isNarrow, direction) => {
  expect(
    directionOf(
      lines.map(([from, to]) => ({ from, to })),
      isNarrow,
    ),
  ).toBe(direction);
});
