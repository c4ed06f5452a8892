import { expect, test } from 'vitest';
import { type ShortcutGroup, findShortcut, withShortcutGroup } from './shortcuts.ts';

const group = (title: string, depth: ShortcutGroup['depth'], ...keys: readonly string[]): ShortcutGroup => ({
  title,
  depth,
  shortcuts: keys.map((each) => ({ keys: each, description: title, run: () => {} })),
});
const groups = [
  group('page', 'page', '?', 'g i'),
  group('view', 'view', 'c', 'i'),
  group('graph', 'graph', 'x'),
  group('node', 'selection', 'c'),
];

/**
 * All orders of the groups, because components can register their groups in any order. When several components render
 * at the same time, the effects of inner components run first. A component that renders later registers its group last.
 */
const orders = <Item>(items: readonly Item[]): Item[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((others) => [item, ...others]));

test('in each order of registration, a key belongs to the innermost group that has the key', () => {
  const found = orders(groups).map((order) => {
    const registered = order.reduce<readonly ShortcutGroup[]>(withShortcutGroup, []);
    return ['c', 'i', 'x', '?'].map((key) => findShortcut(registered, key, undefined, 0)?.description).join();
  });
  expect([...new Set(found)]).toEqual(['node,view,graph,page']);
  expect(found).toHaveLength(24);
});

test('the second key of a sequence belongs to the sequence for 1.2 seconds after the first key', () => {
  const registered = groups.reduce<readonly ShortcutGroup[]>(withShortcutGroup, []);
  const pending = { key: 'g', at: 1000 };
  expect(findShortcut(registered, 'i', pending, 2200)?.keys).toBe('g i');
  expect(findShortcut(registered, 'i', pending, 2201)?.keys).toBe('i');
});
