import { expect, test } from 'vitest';
import type { GroupInput } from './group-nodes.ts';
import { groupNodes, MAX_NODES, MAX_OPENED } from './group-nodes.ts';

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
  expect(groupNodes(nodes(MAX_NODES), none)).toEqual({ singles: nodes(MAX_NODES).map(({ id }) => id), groups: [] });
});

test('a larger graph has a group for each kind and level', () => {
  const { singles, groups } = groupNodes(
    nodes(900, (index) => ({ kind: index % 2 === 0 ? 'Service' : 'Deployment', level: index < 600 ? 1 : 2 })),
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

test('nodes that are not settled stay visible while they are few', () => {
  const few = groupNodes(
    nodes(900, (index) => ({ settled: index >= 3 })),
    none,
  );
  expect(few.singles).toEqual(['n0', 'n1', 'n2']);
  const many = groupNodes(
    nodes(900, () => ({ settled: false })),
    none,
  );
  expect(many.singles).toEqual([]);
  expect(many.groups).toHaveLength(1);
});

test('an opened group shows its first members, and the others stay in the group', () => {
  const closed = groupNodes(nodes(900), none);
  const id = closed.groups[0]?.id ?? '';
  const opened = groupNodes(nodes(900), new Set([id]));
  expect(opened.singles).toHaveLength(MAX_OPENED);
  expect(opened.groups[0]?.members).toHaveLength(900 - MAX_OPENED);
});

test.each([
  ['a chain of 900 levels', (index: number) => ({ level: index + 1 })],
  ['900 kinds', (index: number) => ({ kind: `Kind${index}` })],
  ['900 kinds in 900 levels', (index: number) => ({ kind: `Kind${index}`, level: index + 1 })],
])('%s loses no node', (_title, make) => {
  const { singles, groups } = groupNodes(nodes(900, make), none);
  const all = [...singles, ...groups.flatMap(({ members }) => members)];
  expect(new Set(all).size).toBe(900);
  expect(all).toHaveLength(900);
});

test('a chain of 900 levels becomes few boxes', () => {
  const { singles, groups } = groupNodes(
    nodes(900, (index) => ({ level: index + 1 })),
    none,
  );
  expect(singles.length + groups.length).toBeLessThanOrEqual(100);
});
