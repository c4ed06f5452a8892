import { expect, test } from 'vitest';
import { shopDefinition } from '../../../test-support/scene-definition.ts';
import { computeLayout } from './compute-layout.ts';
import { type Layout, type LayoutInput, lineKey } from './layout.ts';
import { type Line, pictureOfDefinition } from './picture.ts';
import { LABEL_HEIGHT, placeLabels } from './place-labels.ts';
import { type GroupInput, MAX_APART, MAX_NODES, MAX_OPENED, chooseApart, groupNodes } from './group-nodes.ts';

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

const nodes = (count: number, make: (index: number) => Partial<GroupInput> = () => ({})): GroupInput[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `n${index}`,
    kind: 'ConfigMap',
    level: 1,
    settled: true,
    ...make(index),
  }));
const none = new Set<string>();

test('a graph up to the limit has no groups', () => {
  expect(groupNodes(nodes(MAX_NODES), none, none)).toEqual({
    singles: nodes(MAX_NODES).map(({ id }) => id),
    groups: [],
  });
});

test('a larger graph has a group for each kind and level', () => {
  const { singles, groups } = groupNodes(
    nodes(900, (index) => ({ kind: index % 2 === 0 ? 'Service' : 'Deployment', level: index < 600 ? 1 : 2 })),
    none,
    none,
  );
  expect(singles).toEqual([]);
  expect(groups.map(({ kind, members }) => [kind, members.length])).toEqual([
    ['Service', 300],
    ['Deployment', 300],
    ['Service', 150],
    ['Deployment', 150],
  ]);
});

test('the nodes that are drawn apart are in no group, whatever their states are', () => {
  const apart = new Set(['n0', 'n7']);
  const before = groupNodes(nodes(900), none, apart);
  const after = groupNodes(
    nodes(900, (index) => ({ settled: index % 2 === 0 })),
    none,
    apart,
  );
  expect(before.singles).toEqual(['n0', 'n7']);
  expect(after).toEqual(before);
});

test.each<[string, (index: number) => boolean, readonly string[], readonly string[]]>([
  ['those that are not settled', (index) => index < 2, [], ['n0', 'n1']],
  ['also those of an earlier choice', (index) => index === 9, ['n0', 'n1'], ['n0', 'n1', 'n9']],
  [
    'only those of the earlier choice when too many others are not settled',
    (index) => index < MAX_APART,
    ['n800'],
    ['n800'],
  ],
  ['none when too many are not settled and there is no earlier choice', () => true, [], []],
])('the nodes that are drawn apart are %s', (_title, isUnsettled, earlier, apart) => {
  const given = nodes(900, (index) => ({ settled: !isUnsettled(index) }));
  expect([...chooseApart(given, new Set(earlier))]).toEqual(apart);
});

test('an opened group shows its first members, and the others stay in the group', () => {
  const closed = groupNodes(nodes(900), none, none);
  const id = closed.groups[0]?.id ?? '';
  const opened = groupNodes(nodes(900), new Set([id]), none);
  expect(opened.singles).toHaveLength(MAX_OPENED);
  expect(opened.groups[0]?.members).toHaveLength(900 - MAX_OPENED);
});

test.each([
  ['a chain of 900 levels', (index: number) => ({ level: index + 1 })],
  ['900 kinds', (index: number) => ({ kind: `Kind${index}` })],
  ['900 kinds in 900 levels', (index: number) => ({ kind: `Kind${index}`, level: index + 1 })],
])('the grouping of %s loses no node', (_title, make) => {
  const { singles, groups } = groupNodes(nodes(900, make), none, none);
  const all = [...singles, ...groups.flatMap(({ members }) => members)];
  expect(new Set(all).size).toBe(900);
  expect(all).toHaveLength(900);
});

test('a chain of 900 levels becomes few boxes', () => {
  const { singles, groups } = groupNodes(
    nodes(900, (index) => ({ level: index + 1 })),
    none,
    none,
  );
  expect(singles.length + groups.length).toBeLessThanOrEqual(100);
});

test.each([
  ['a chain of equal nodes', 'a b c d e', ['chain:a'], []],
  ['a chain that is too short', 'a b c', [], ['a', 'b', 'c']],
  ['a node of another kind in the chain', 'a b c d X e f g h', ['chain:a', 'chain:e'], ['X']],
  ['a collection in the chain', 'a b each c d', [], ['a', 'b', 'each', 'c', 'd']],
  ['a second reader', 'a b c d, b x', [], ['a', 'b', 'c', 'd', 'x']],
  ['a cycle', 'a b c d a', [], ['a', 'b', 'c', 'd']],
])('of %s, the groups and the single nodes are those of the table', (_title, text, groups, singles) => {
  const chains = text.split(', ').map((chain) => chain.split(' '));
  const ids = [...new Set(chains.flat())];
  const given = ids.map((id) => ({
    id,
    kind: /[A-Z]/.test(id) ? 'Service' : 'ConfigMap',
    level: 1,
    nodeType: 'resource' as const,
    forEach: id === 'each' ? [{ name: 'i', expression: 'x' }] : [],
  }));
  const lines = chains.flatMap((chain) => chain.slice(1).map((to, index) => ({ from: chain[index] ?? '', to })));
  const found = groupNodes(given, none, none, lines);
  expect([found.groups.map(({ id }) => id), found.singles]).toEqual([groups, singles]);
  const opened = groupNodes(given, new Set(groups), none, lines);
  expect([opened.groups, opened.singles]).toEqual([[], ids]);
});
