import { expect, test } from 'vitest';
import type { GroupInput } from './group-nodes.ts';
import { chooseApart, groupNodes, MAX_APART, MAX_NODES, MAX_OPENED } from './group-nodes.ts';

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
