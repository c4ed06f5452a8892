import { describe, expect, it, test } from 'vitest';
import fc from 'fast-check';
import type { KubeObject } from '@typekro/kit/core';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { compact } from './compact.ts';
import { internJson, internString } from './intern.ts';
import { KeyIndex } from './key-index.ts';
import { SingleEntryMap, frugalMap } from './single-entry-map.ts';
import { SmallSet } from './small-set.ts';
import { DeferredCompactor } from './deferred-compactor.ts';

const withData = (data: unknown, labels?: Record<string, string>) =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', ...(labels === undefined ? {} : { labels }) },
    data,
  }) as unknown as KubeObject;

it('returns a copy with every value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small' }), fc.dictionary(fc.string(), fc.string()), (data, labels) => {
      const object = withData(JSON.parse(JSON.stringify(data)), labels);
      const copy = compact(object);
      expect(copy).toEqual(object);
      expect(copy).not.toBe(object);
    }),
  );
});

it('keeps integers that JSON.parse would round', () => {
  const object = withData({ big: 9_007_199_254_740_993n }, { a: 'b' });
  expect(compact(object)).toEqual(object);
});

const object = (name: string, reason: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, annotations: { order: '1' }, finalizers: ['a/b'] },
  status: { conditions: [{ type: 'Ready', status: 'True', reason }] },
});

describe('compact', () => {
  it('shares equal parts of objects without a change of their values', () => {
    const [one, other] = [object('one', 'Same'), object('other', 'Same')];
    const [a, b] = [compact(one), compact(other)];
    expect([a, b]).toEqual([one, other]);
    expect(a.metadata.annotations).toBe(b.metadata.annotations);
    expect(a.metadata.finalizers).toBe(b.metadata.finalizers);
    const conditions = (of: typeof a) => of.status?.['conditions'] as readonly unknown[];
    expect(conditions(a)[0]).toBe(conditions(b)[0]);
    expect(conditions(compact(object('one', 'Other')))[0]).not.toBe(conditions(a)[0]);
  });

  it('does not freeze or share the given object', () => {
    const given = object('one', 'Same');
    compact(given);
    given.metadata.annotations.order = '2';
    expect(compact(given).metadata.annotations).toEqual({ order: '2' });
  });
});

describe('internString', () => {
  it('returns an equal string, whatever strings were interned before', () => {
    const texts = [
      'a',
      'b',
      'a',
      'x'.repeat(200),
      ...Array.from({ length: 10_000 }, (_, index) => `label-${index}`),
      'a',
    ];
    expect(texts.map(internString)).toEqual(texts);
  });
});

describe('internJson', () => {
  it('freezes a shared value', () => {
    expect(Object.isFrozen(internJson(['a']))).toBe(true);
  });

  it('does not share a long value', () => {
    const long = ['a'.repeat(600)];
    expect(internJson(long)).toBe(long);
    expect(Object.isFrozen(long)).toBe(false);
  });
});

/** The keys under each of the strings `a`, `b` and `c` after moves `[key, from, to]`. */
function after(...moves: [string, string[], string[]][]): Record<string, string[]> {
  const index = new KeyIndex();
  for (const [key, from, to] of moves) index.move(key, from, to);
  return Object.fromEntries(['a', 'b', 'c'].map((text) => [text, [...index.of(text)]]));
}

describe('KeyIndex', () => {
  it.each([
    ['is empty at first', [], { a: [], b: [], c: [] }],
    ['holds a key under all its strings', [['x', [], ['a', 'b']]], { a: ['x'], b: ['x'], c: [] }],
    [
      'holds several keys in order',
      [
        ['x', [], ['a']],
        ['y', [], ['a']],
      ],
      { a: ['x', 'y'], b: [], c: [] },
    ],
    [
      'moves a key to other strings',
      [
        ['x', [], ['a', 'b']],
        ['x', ['a', 'b'], ['b', 'c']],
      ],
      { a: [], b: ['x'], c: ['x'] },
    ],
    [
      'keeps the position of an unchanged key',
      [
        ['x', [], ['a']],
        ['y', [], ['a']],
        ['x', ['a'], ['a']],
      ],
      { a: ['x', 'y'], b: [], c: [] },
    ],
    [
      'removes a key',
      [
        ['x', [], ['a']],
        ['y', [], ['a']],
        ['x', ['a'], []],
      ],
      { a: ['y'], b: [], c: [] },
    ],
    [
      'counts a string once when a move lists it twice',
      [
        ['x', [], ['a', 'a']],
        ['x', ['a', 'a'], []],
      ],
      { a: [], b: [], c: [] },
    ],
  ] satisfies [string, [string, string[], string[]][], Record<string, string[]>][])('%s', (_what, moves, held) => {
    expect(after(...moves)).toEqual(held);
  });
});

describe('the map of frugalMap', () => {
  it('reads like a Map if it has one entry', () => {
    const map = frugalMap([['a', 1]]);
    expect(map).toBeInstanceOf(SingleEntryMap);
    expect(map.size).toBe(1);
    expect([map.get('a'), map.get('b'), map.has('a'), map.has('b')]).toEqual([1, undefined, true, false]);
    expect([[...map], [...map.entries()], [...map.keys()], [...map.values()]]).toEqual([
      [['a', 1]],
      [['a', 1]],
      ['a'],
      [1],
    ]);
    const seen: unknown[] = [];
    map.forEach((value, key, whole) => void seen.push([key, value, whole === map]));
    expect(seen).toEqual([['a', 1, true]]);
    expect(new Map(map)).toEqual(new Map([['a', 1]]));
  });

  it.each([0, 2, 3])('is a Map if it has %i entries', (count) => {
    const entries = Array.from({ length: count }, (_, index) => [String(index), index] as const);
    expect(frugalMap(entries)).toEqual(new Map(entries));
  });
});

test('after the same changes, a SmallSet and a Set have the same members in the same order, whether few or many', () => {
  const change = fc.record({ adds: fc.boolean(), member: fc.nat(60).map(String) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200, size: 'max' }), (changes) => {
      const small = new SmallSet('0');
      const set = new Set(['0']);
      for (const { adds, member } of changes) {
        if (adds) small.add(member);
        else small.delete(member);
        if (adds) set.add(member);
        else set.delete(member);
        expect(small.size).toBe(set.size);
      }
      expect([...small]).toEqual([...set]);
    }),
  );
});

function compactor() {
  const clock = new TestClock();
  const compacted: string[] = [];
  return { clock, compacted, compactor: new DeferredCompactor(clock, (key) => compacted.push(key)) };
}

describe('DeferredCompactor', () => {
  it('compacts each key once, after a delay', async () => {
    const { clock, compacted, compactor: all } = compactor();
    all.add('a');
    await clock.advance(600);
    all.add('b');
    await clock.advance(1399);
    expect(compacted).toEqual([]);
    await clock.advance(1);
    expect(compacted).toEqual(['a', 'b']);
    await clock.advance(60_000);
    expect(compacted).toEqual(['a', 'b']);
  });

  it('restarts the delay of a key that is added again', async () => {
    const { clock, compacted, compactor: all } = compactor();
    all.add('a');
    await clock.advance(1500);
    all.add('a');
    await clock.advance(1400);
    expect(compacted).toEqual([]);
    await clock.advance(100);
    expect(compacted).toEqual(['a']);
  });

  it('compacts many keys in several batches', async () => {
    const { clock, compacted, compactor: all } = compactor();
    const keys = Array.from({ length: 200 }, (_, index) => String(index));
    for (const key of keys) all.add(key);
    await clock.advance(1000);
    expect(compacted).toEqual([]);
    const steps: number[] = [];
    const count = () => void steps.push(compacted.length);
    for (const at of [1000, 1001]) clock.setTimer(at, count);
    await clock.advance(2000);
    expect(steps[0]).toBeLessThan(200);
    expect(compacted).toEqual(keys);
  });

  it('skips an object that is too deep for the call stack, and compacts the others', async () => {
    const clock = new TestClock();
    const compacted: string[] = [];
    const all = new DeferredCompactor(clock, (key) => {
      if (key === 'deep') throw new RangeError('Maximum call stack size exceeded');
      compacted.push(key);
    });
    for (const key of ['a', 'deep', 'b']) all.add(key);
    await clock.advance(2000);
    all.add('c');
    await clock.advance(2000);
    expect(compacted).toEqual(['a', 'b', 'c']);
  });

  it('does nothing after stop', async () => {
    const { clock, compacted, compactor: all } = compactor();
    all.add('a');
    all.stop();
    await clock.advance(60_000);
    expect(compacted).toEqual([]);
  });
});
