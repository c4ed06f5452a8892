import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortIndices } from './sort.ts';
import { fnv64a } from './fnv.ts';

describe('the sort of Go', () => {
  test('returns the indices of all elements in sorted order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 300 }), (keys) => {
        const order = sortIndices(keys.length, (i, j) => (keys[i] ?? 0) < (keys[j] ?? 0));
        expect(order.map((i) => keys[i])).toEqual([...keys].sort((a, b) => a - b));
        expect(new Set(order).size).toBe(keys.length);
      }),
    );
  });

  // A Go program that sorts the same lists with sort.Slice printed this digest.
  test('orders elements with equal keys like Go', () => {
    let seed = 12345;
    const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
    const keyOf = (mode: number, i: number, n: number, m: number): number => {
      if (mode === 0) return random() % m;
      if (mode === 1) return i % m;
      if (mode === 2) return Math.floor((n - i) / m);
      const key = Math.floor(i / m);
      return random() % 20 === 0 ? random() % m : key;
    };
    const out: string[] = [];
    for (let n = 0; n < 700; n += 3) {
      for (const m of [2, 5, 50, 100000]) {
        for (let mode = 0; mode < 4; mode++) {
          const keys = Array.from({ length: n }, (_, i) => keyOf(mode, i, n, m));
          for (const index of sortIndices(n, (i, j) => (keys[i] ?? 0) < (keys[j] ?? 0))) out.push(`${index},`);
        }
      }
    }
    expect(Buffer.from(fnv64a(out.join(''))).toString('hex')).toBe('5c59a15e8040be41');
  });
});
