import { describe, expect, test } from 'vitest';
import type { GraphOutline, OutlineNode } from '@typekro/engine/graph';
import type { InstanceNode, ShownState, ValueEdge } from '@typekro/controller/inspect';
import { type PictureOptions, apartNodes, MAX_CELLS, pictureOfDefinition, pictureOfInstance } from './picture.ts';

const outlineNode = (id: string, more: Partial<OutlineNode> = {}): OutlineNode => ({
  id,
  apiVersion: 'v1',
  kind: 'ConfigMap',
  nodeType: 'resource',
  level: 1,
  deletionWave: 0,
  dependsOn: [],
  reads: [],
  forEach: [],
  includeWhen: [],
  readyWhen: [],
  ...more,
});
const graphOf = (nodes: readonly OutlineNode[]): GraphOutline => ({
  name: 'web',
  apiVersion: 'acme.dev/v1',
  kind: 'Web',
  plural: 'webs',
  nodes,
  status: [],
});
const counts = { unknown: 0, absent: 0, present: 0, deleting: 0, failed: 0 };
const node = (id: string, state: ShownState, more: Partial<InstanceNode> = {}): InstanceNode => ({
  id,
  state,
  reason: 'because',
  waitsFor: [],
  objects: [],
  counts,
  ...more,
});
const items = (count: number): InstanceNode['objects'] =>
  Array.from({ length: count }, (_, index) => ({
    object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: `c${index}` },
    state: 'present' as const,
  }));
const edge = (from: string, to: string, values: ValueEdge['reads'][number]['values']): ValueEdge => ({
  from,
  to,
  reads: [{ purpose: 'field', place: 'data.a', expression: '${db.status.host}', paths: ['status.host'], values }],
});
const instance: PictureOptions = { mode: 'instance', opened: new Set(), apart: new Set() };
const forEach = [{ name: 'zone', expression: 'schema.spec.zones' }];

test("the template's view shows rules, the instance's view shows states, and both have boxes of the same sizes and lines between the same boxes", () => {
  const detail = {
    graph: graphOf([outlineNode('db'), outlineNode('app', { forEach, includeWhen: ['schema.spec.on'] })]),
    edges: [edge('db', 'app', [{ is: 'known', value: 'db.shop' }])],
    nodes: [node('db', 'ready'), node('app', 'waiting', { objects: items(2), counts: { ...counts, present: 2 } })],
  };
  const [template, live] = [
    pictureOfInstance(detail, { ...instance, mode: 'template' }),
    pictureOfInstance(detail, instance),
  ];
  expect(template.boxes.map(({ tone }) => tone)).toEqual([undefined, undefined]);
  expect(live.boxes.map(({ tone }) => tone)).toEqual(['ready', 'waiting']);
  expect(template.boxes[1]?.rules).toEqual(['for each zone in schema.spec.zones', 'if schema.spec.on']);
  const sizes = ({ boxes }: typeof live) => boxes.map(({ id, width, height }) => [id, width, height]);
  expect(sizes(template)).toEqual(sizes(live));
  expect(template.lines).toEqual([{ from: 'db', to: 'app', state: 'plain', labels: ['status.host'] }]);
  expect(live.lines).toEqual([{ from: 'db', to: 'app', state: 'flowed', labels: ['status.host = "db.shop"'] }]);
});

test.each([
  ['known', [{ is: 'known', value: 1 }], 'flowed'],
  ['a secret', [{ is: 'secret' }], 'flowed'],
  ['not known yet', [{ is: 'unknown', message: 'absent' }], 'missing'],
  ['no value', [], 'plain'],
] as const)('a line has the expected state with this value: %s', (_title, values, state) => {
  const detail = { graph: graphOf([outlineNode('a'), outlineNode('b')]), edges: [edge('a', 'b', values)], nodes: [] };
  expect(pictureOfInstance(detail, instance).lines[0]?.state).toBe(state);
});

test('edges of the spec and the status, and of nodes that do not exist, are not drawn', () => {
  const edges = [edge('schema', 'a', []), edge('a', 'status', []), edge('gone', 'a', []), edge('a', 'a', [])];
  expect(pictureOfDefinition({ graph: graphOf([outlineNode('a')]), edges }, new Set()).lines).toEqual([]);
});

describe('a collection', () => {
  const detail = (state: ShownState, count: number) => ({
    graph: graphOf([outlineNode('app', { forEach })]),
    edges: [],
    nodes: [node('app', state, { objects: items(count), counts: { ...counts, present: count }, unchecked: count })],
  });
  test('is one box with counts', () => {
    const [box] = pictureOfInstance(detail('ready', 900), instance).boxes;
    expect(box).toMatchObject({ kind: 'collection', shares: [{ tone: 'ready', count: 900 }], cells: [] });
  });
  test('has the numbers of ready and other objects, and a tone for each object', () => {
    const found = detail('waiting', 3);
    const objects = [
      { ...found.nodes[0]!.objects[0]!, ready: true },
      { ...found.nodes[0]!.objects[1]!, ready: false },
      { ...found.nodes[0]!.objects[2]!, state: 'failed' as const },
    ];
    const unready = {
      ...node('app', 'waiting', { objects, counts: { ...counts, present: 2, failed: 1 }, unready: 1 }),
    };
    const [box] = pictureOfInstance({ ...found, nodes: [unready] }, { ...instance, opened: new Set(['app']) }).boxes;
    expect(box?.shares).toEqual([
      { tone: 'failed', count: 1 },
      { tone: 'waiting', count: 1 },
      { tone: 'ready', count: 1 },
    ]);
    expect(box?.cells.map(({ id, name, tone }) => [id, name, tone])).toEqual([
      ['v1/ConfigMap/n/c0', 'n/c0: present', 'ready'],
      ['v1/ConfigMap/n/c1', 'n/c1: not ready', 'waiting'],
      ['v1/ConfigMap/n/c2', 'n/c2: failed', 'failed'],
    ]);
  });
  test('that is not ready shows none of its objects as ready while their readiness is not known', () => {
    expect(pictureOfInstance(detail('waiting', 3), instance).boxes[0]?.shares).toEqual([{ tone: 'busy', count: 3 }]);
  });
  test('shows only its ready objects as ready while writes of other objects are pending', () => {
    const found = detail('applying', 3);
    const objects = items(3).map((each, index) => (index === 0 ? { ...each, ready: true } : each));
    const nodes = [node('app', 'applying', { objects, counts: { ...counts, present: 3 }, unchecked: 2 })];
    const [box] = pictureOfInstance({ ...found, nodes }, { ...instance, opened: new Set(['app']) }).boxes;
    expect(box?.shares).toEqual([
      { tone: 'busy', count: 2 },
      { tone: 'ready', count: 1 },
    ]);
    expect(box?.cells.map(({ tone }) => tone)).toEqual(['ready', 'busy', 'busy']);
  });
  test('shows objects that are being deleted as leaving, not as unready', () => {
    const found = detail('deleting', 1);
    const objects = items(1).map((each) => ({ ...each, state: 'deleting' as const, ready: false }));
    const nodes = [node('app', 'deleting', { objects, counts: { ...counts, deleting: 1 } })];
    const [box] = pictureOfInstance({ ...found, nodes }, { ...instance, opened: new Set(['app']) }).boxes;
    expect(box?.shares).toEqual([{ tone: 'leaving', count: 1 }]);
    expect(box?.cells.map(({ name, tone }) => [name, tone])).toEqual([['n/c0: deleting', 'leaving']]);
  });
  test.each([
    [3, 216, 78 + 15 + 3],
    [260, 216, 78 + 20 * 15 + 3],
    [900, 576, 78 + 25 * 15 + 3],
    [MAX_CELLS, 696, 78 + 29 * 15 + 3],
  ])('that is opened with %i objects is %i wide and %i high', (count, width, height) => {
    const [box] = pictureOfInstance(detail('ready', count), { ...instance, opened: new Set(['app']) }).boxes;
    expect(box).toMatchObject({ width, height });
  });
  test('that is opened draws its objects, and says how many of them it draws', () => {
    const picture = pictureOfInstance(detail('ready', MAX_CELLS + 1), { ...instance, opened: new Set(['app']) });
    expect(picture.boxes[0]?.cells).toHaveLength(MAX_CELLS);
    expect(picture.hidden).toEqual([`app: ${MAX_CELLS} of ${MAX_CELLS + 1} objects are drawn.`]);
  });
});

describe('a graph of 900 nodes', () => {
  const nodes = Array.from({ length: 900 }, (_, index) => outlineNode(`n${index}`, { level: 1 + (index % 2) }));
  const detail = (edges: readonly ValueEdge[], stateOf: (index: number) => ShownState) => ({
    graph: graphOf(nodes),
    edges,
    nodes: nodes.map(({ id }, index) => node(id, stateOf(index))),
  });
  const chain = nodes.slice(1).map(({ id }, index) => edge(`n${index}`, id, []));
  const failed = detail(chain, (index) => (index === 5 ? 'failed' : 'ready'));
  const apart = apartNodes(failed, new Set());
  const positions = ({ boxes, lines, shape }: ReturnType<typeof pictureOfInstance>) => [
    boxes.map(({ id, width, height }) => [id, width, height]),
    lines.map(({ from, to }) => [from, to]),
    shape,
  ];

  test('becomes groups, and the picture says so', () => {
    const picture = pictureOfInstance(failed, { ...instance, apart });
    expect(picture.boxes.map(({ id, kind }) => [id, kind])).toEqual([
      ['n5', 'node'],
      ['group:0:ConfigMap', 'group'],
      ['group:1:ConfigMap', 'group'],
    ]);
    expect(picture.boxes[1]?.shares).toEqual([{ tone: 'ready', count: 450 }]);
    expect(picture.hidden).toEqual(['899 nodes are in 2 groups.']);
  });

  test.each<[string, (index: number) => ShownState]>([
    ['the node outside the groups becomes ready', () => 'ready'],
    ['another node fails', (index) => (index === 5 || index === 8 ? 'failed' : 'ready')],
    ['all nodes wait', () => 'waiting'],
  ])('keeps its boxes, lines and direction, when %s', (_title, stateOf) => {
    const before = pictureOfInstance(failed, { ...instance, apart });
    const after = pictureOfInstance(detail(chain, stateOf), { ...instance, apart });
    expect(positions(after)).toEqual(positions(before));
    expect(after.boxes.map(({ tone }) => tone)).not.toEqual(before.boxes.map(({ tone }) => tone));
  });

  test('is drawn in the direction that fits the levels of its nodes, even if the groups have fewer levels or form a cycle', () => {
    expect(pictureOfInstance(failed, { ...instance, apart }).shape.levels).toBe(12);
    const flat = detail([edge('n0', 'n1', []), edge('n3', 'n2', [])], () => 'ready');
    const picture = pictureOfInstance(flat, instance);
    expect(picture.lines).toHaveLength(2);
    expect(picture.shape.levels).toBe(2);
  });
});

test('a retired node is not in the picture, and the picture says so', () => {
  const detail = { graph: graphOf([]), edges: [], nodes: [node('old', 'deleting', { retired: true })] };
  expect(pictureOfInstance(detail, instance)).toEqual({
    boxes: [],
    lines: [],
    shape: { levels: 1, breadth: 1 },
    hidden: ['1 retired node is in the list only.'],
  });
});
