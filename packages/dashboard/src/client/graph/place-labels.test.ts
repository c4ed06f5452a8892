import { expect, test } from 'vitest';
import { shopDefinition } from '../../../test-support/scene-definition.ts';
import { computeLayout } from './compute-layout.ts';
import type { Layout, LayoutInput } from './layout.ts';
import { lineKey } from './layout.ts';
import type { Line } from './picture.ts';
import { pictureOfDefinition } from './picture.ts';
import { LABEL_HEIGHT, placeLabels } from './place-labels.ts';

const box = (id: string, width = 100, height = 50) => ({ id, width, height }) as Parameters<typeof placeLabels>[1][0];
const line = (from: string, to: string, ...labels: string[]): Line => ({ from, to, state: 'flowed', labels });
const layoutOf = (
  boxes: Layout['boxes'],
  lines: readonly (readonly [Line, Layout['lines'] extends ReadonlyMap<string, infer P> ? P : never])[],
): Layout => ({
  boxes,
  lines: new Map(lines.map(([each, points]) => [lineKey(each), points])),
  width: 1000,
  height: 1000,
});

const LONG = 'spec.template.metadata.labels.app = "web"';

test('a label with space around it is in the middle of its line, with its whole text', () => {
  const [a, b] = [box('a'), box('b')];
  const edge = line('a', 'b', 'status.ready = 1', 'metadata.name = "x"');
  const places = new Map([
    ['a', { x: 0, y: 0 }],
    ['b', { x: 500, y: 0 }],
  ]);
  expect(
    placeLabels(
      [edge],
      [a, b],
      layoutOf(places, [
        [
          edge,
          [
            { x: 100, y: 25 },
            { x: 500, y: 25 },
          ],
        ],
      ]),
    ),
  ).toEqual([
    {
      key: lineKey(edge),
      text: 'status.ready = 1 +1',
      whole: 'status.ready = 1\nmetadata.name = "x"',
      x: 300,
      y: 25,
      width: expect.any(Number) as number,
    },
  ]);
});

test('two labels of arrows with the same points do not overlap', () => {
  const edges = [line('a', 'b', LONG), line('a', 'c', LONG)];
  const points = [
    { x: 0, y: 0 },
    { x: 600, y: 0 },
  ];
  const placed = placeLabels(
    edges,
    [],
    layoutOf(
      new Map(),
      edges.map((edge) => [edge, points]),
    ),
  );
  expect(placed.map(({ y }) => y)).toHaveLength(2);
  expect(overlapsIn(placed, [])).toEqual([]);
});

test('a label in a narrow gap between boxes is shortened, and a label without any space is left out', () => {
  const edge = line('a', 'b', LONG);
  const gap = (width: number) => {
    const places = new Map([
      ['a', { x: 0, y: 0 }],
      ['b', { x: 200 + width, y: 0 }],
    ]);
    const boxes = [box('a', 200, 500), box('b', 200, 500)];
    return placeLabels(
      [edge],
      boxes,
      layoutOf(places, [
        [
          edge,
          [
            { x: 200, y: 250 },
            { x: 200 + width, y: 250 },
          ],
        ],
      ]),
    );
  };
  expect(gap(140)[0]?.text).toBe('spec.template.met…');
  expect(gap(40)).toEqual([]);
});

/** The pairs that overlap: a label and a box, or two labels. */
function overlapsIn(
  labels: ReturnType<typeof placeLabels>,
  boxes: readonly {
    readonly id: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[],
): string[] {
  const areas = [
    ...boxes,
    ...labels.map(({ key, x, y, width }) => ({
      id: key,
      x: x - width / 2,
      y: y - LABEL_HEIGHT / 2,
      width,
      height: LABEL_HEIGHT,
    })),
  ];
  return areas.flatMap((a, index) =>
    areas
      .slice(index + 1)
      .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height)
      .map((b) => `${a.id} ${b.id}`),
  );
}

test.each([true, false])(
  'in the graph of a shop, no label overlaps a box or another label (narrow window: %s)',
  (isNarrow) => {
    const { outline, edges } = shopDefinition();
    const { boxes, lines } = pictureOfDefinition({ graph: outline, edges }, new Set());
    const input: LayoutInput = { boxes, lines, direction: isNarrow ? 'TB' : 'LR', columns: 4 };
    const layout = computeLayout(input);
    const placed = placeLabels(lines, boxes, layout);
    expect(placed.length).toBeGreaterThan(lines.length / 2);
    const places = boxes.map(({ id, width, height }) => ({
      id,
      width,
      height,
      ...(layout.boxes.get(id) ?? { x: 0, y: 0 }),
    }));
    expect(overlapsIn(placed, places)).toEqual([]);
  },
);
