import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DependencyMap, applyDepth, applyOrder, findCycle, topologicalOrder } from './dag.ts';

const graph = (text: string): DependencyMap =>
  new Map(
    text.split(' ').map((entry): [string, string[]] => {
      const [id = '', needs] = entry.split(':');
      return [id, needs === undefined ? [] : needs.split(',')];
    }),
  );

test.each([
  ['z:a y a b:z c:a,b', 'y a z b c'],
  ['a b c', 'a b c'],
  ['a b c d e f g h', 'a b c d e f g h'],
  ['c:b b:a a', 'a b c'],
  ['a:b,b b', 'b a'],
])('the order of %s is %s', (definition, order) => expect(topologicalOrder(graph(definition)).join(' ')).toBe(order));

test('at the level of kro 0.9, waves are counted down from the nodes without dependents', () => {
  const dependencies = graph('z:a y a b:z c:a,b');
  const waves = applyOrder(dependencies, topologicalOrder(dependencies));
  expect(Object.fromEntries(waves)).toEqual({ a: 1, z: 2, b: 3, c: 4, y: 4 });
});

test.each<[string, string, Record<string, number>]>([
  ['', 'z:a y a b:z c:a,b', { a: 1, y: 1, z: 2, b: 3, c: 4 }],
  ['; nodes without objects (V) add no wave', 'a V:a b:V c:a,V d:b', { a: 1, V: 2, b: 1, c: 2, d: 2 }],
  ['; chains of nodes without objects (V, W) add no wave', 'V W:V a:W', { V: 1, W: 1, a: 1 }],
])('at the level of kro 0.10, waves are counted up from the nodes without dependencies%s', (_title, text, expected) => {
  const dependencies = graph(text);
  const waves = applyDepth(dependencies, topologicalOrder(dependencies), (id) => id >= 'A' && id <= 'Z');
  expect(Object.fromEntries(waves)).toEqual(expected);
});

describe('findCycle', () => {
  test.each([
    ['a:b b:a', 'a b a'],
    ['a b:c c:b', 'b c b'],
    ['a:b b:c c:a d:a', 'a b c a'],
    ['x:b a:b b:c c:b', 'b c b'],
    ['a:b b', undefined],
  ])('of %s returns %s', (definition, cycle) => expect(findCycle(graph(definition))?.join(' ')).toBe(cycle));

  test('a long chain does not exhaust the stack', () => {
    const chain = new Map(Array.from({ length: 50_000 }, (_, index) => [`n${index}`, [`n${index + 1}`]]));
    chain.set('n50000', []);
    expect(findCycle(chain)).toBeUndefined();
    expect(topologicalOrder(chain).at(0)).toBe('n50000');
  });
});

/**
 * A graph without cycles: each node depends on some of the nodes before it. The order of the definition is shuffled.
 */
const acyclic = fc
  .integer({ min: 1, max: 20 })
  .chain((size) =>
    fc.tuple(
      fc.array(fc.array(fc.nat(100), { maxLength: 4 }), { minLength: size, maxLength: size }),
      fc.shuffledSubarray(
        Array.from({ length: size }, (_, index) => index),
        { minLength: size },
      ),
    ),
  )
  .map(([picks, shuffled]): DependencyMap => {
    const needs = picks.map((list, index) => (index === 0 ? [] : list.map((pick) => `n${pick % index}`)));
    return new Map(shuffled.map((index) => [`n${index}`, needs[index] ?? []]));
  });

test('the order has every node once and after its dependencies, and a node has a higher wave than its dependencies', () => {
  fc.assert(
    fc.property(acyclic, (dependencies) => {
      const order = topologicalOrder(dependencies);
      expect(order.toSorted()).toEqual([...dependencies.keys()].toSorted());
      expect(findCycle(dependencies)).toBeUndefined();
      const waves = applyOrder(dependencies, order);
      for (const [id, needs] of dependencies) {
        for (const need of needs) {
          expect(order.indexOf(need)).toBeLessThan(order.indexOf(id));
          expect(waves.get(need)).toBeLessThan(waves.get(id) ?? 0);
        }
      }
    }),
  );
});

test('in a graph with a cycle, topologicalOrder leaves nodes out, and findCycle returns a cycle', () => {
  fc.assert(
    fc.property(acyclic, fc.nat(), (dependencies, pick) => {
      const ids = [...dependencies.keys()];
      const edges = ids.flatMap((id) => (dependencies.get(id) ?? []).map((need): [string, string] => [id, need]));
      fc.pre(edges.length > 0);
      const [from, to] = edges[pick % edges.length] ?? ['', ''];
      const closed = new Map(dependencies);
      closed.set(to, [...(dependencies.get(to) ?? []), from]);
      const cycle = findCycle(closed) ?? [];
      expect(cycle.length).toBeGreaterThan(1);
      expect(cycle[0]).toBe(cycle.at(-1));
      for (const [index, id] of cycle.slice(0, -1).entries()) expect(closed.get(id)).toContain(cycle[index + 1]);
      expect(topologicalOrder(closed).length).toBeLessThan(ids.length);
    }),
  );
});
