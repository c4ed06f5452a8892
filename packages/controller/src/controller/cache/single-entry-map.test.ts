import { describe, expect, it } from 'vitest';
import { frugalMap, SingleEntryMap } from './single-entry-map.ts';

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
