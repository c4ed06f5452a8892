import fc from 'fast-check';
import { expect, test } from 'vitest';
import { position, SortedItems, withChanges } from './sorted-items.ts';

interface Item {
  readonly key: string;
  readonly turn: number;
}

const inOrder = (items: Iterable<Item>) => [...items].sort((a, b) => (a.key < b.key ? -1 : 1));

test('sorted items behave like a sorted map', () => {
  const key = fc.tuple(fc.constantFrom('a', 'b', 'ab', 'default'), fc.nat(40)).map(([place, n]) => `${place}/m${n}`);
  const step = fc.record({ key, remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const sorted = new SortedItems<Item>();
      const plain = new Map<string, Item>();
      for (const [turn, { key: name, remove }] of steps.entries()) {
        if (remove) {
          sorted.delete(name);
          plain.delete(name);
        } else {
          sorted.set({ key: name, turn });
          plain.set(name, { key: name, turn });
        }
      }
      const all = inOrder(plain.values());
      expect(sorted.all()).toEqual(all);
      for (const place of ['a', 'ab', 'b', 'zz']) {
        expect(sorted.between(`${place}/`, `${place}0`)).toEqual(
          all.filter((item) => item.key.startsWith(`${place}/`)),
        );
      }
    }),
  );
});

test('thousands of items remain in order across many pieces', () => {
  const sorted = new SortedItems<Item>();
  const keys = Array.from({ length: 5000 }, (_, index) => `n${index % 7}/m${(index * 7919) % 5000}`);
  for (const [turn, key] of keys.entries()) sorted.set({ key, turn });
  expect(sorted.all().map((item) => item.key)).toEqual(keys.toSorted());
  expect(sorted.between('n3/', 'n30').length).toBe(keys.filter((key) => key.startsWith('n3/')).length);
  const before = sorted.all();
  for (const key of keys) sorted.delete(key);
  expect(sorted.all()).toEqual([]);
  expect(before.length).toBe(5000);
  sorted.reset(before);
  expect(sorted.all()).toEqual(before);
});

test('withChanges has the same result as a map with the same changes', () => {
  const key = fc.nat(12).map((n) => `m${n}`);
  const change = fc.record({ key, remove: fc.boolean() });
  fc.assert(
    fc.property(fc.uniqueArray(key), fc.array(change), (keys, steps) => {
      const items = inOrder(keys.map((name) => ({ key: name, turn: 0 })));
      const plain = new Map(items.map((item) => [item.key, item]));
      const changes = new Map<string, Item | undefined>();
      for (const { key: name, remove } of steps) {
        const item = remove ? undefined : { key: name, turn: 1 };
        changes.set(name, item);
        if (item === undefined) plain.delete(name);
        else plain.set(name, item);
      }
      expect(withChanges(items, changes)).toEqual(inOrder(plain.values()));
      expect(items.map((item) => position(items, item.key))).toEqual(items.map((_, index) => index));
    }),
  );
});
