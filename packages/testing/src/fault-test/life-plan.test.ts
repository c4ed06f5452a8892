import { describe, expect, test } from 'vitest';
import { chooseTest, disturbancesOf, MAX_SEED, pauseOf, seedOfLife } from './life-plan.ts';

const tests = ['create', 'scale', 'delete', 'upgrade'].map((name) => ({ name }));
const seeds = Array.from({ length: 200 }, (_, seed) => seed);

describe('the life (one run of a test under faults) that a seed determines', () => {
  test.each([
    [7, 0, 7],
    [7, 5, 12],
    [MAX_SEED, 0, MAX_SEED],
    [MAX_SEED, 1, 0],
  ])('if life 0 has the seed %d, life %d has the seed %d', (first, index, seed) => {
    expect(seedOfLife(first, index)).toBe(seed);
  });

  test('each test is chosen by some seed, and without tests no test is chosen', () => {
    const chosen = new Set(seeds.map((seed) => chooseTest(seed, tests)?.name));
    expect([...chosen].toSorted()).toEqual(['create', 'delete', 'scale', 'upgrade']);
    expect(chooseTest(1, [])).toBeUndefined();
  });

  test('the chosen test stays the same when other tests are removed', () => {
    for (const seed of seeds) {
      const chosen = chooseTest(seed, tests);
      for (const left of tests) {
        if (left === chosen) continue;
        expect(
          chooseTest(
            seed,
            tests.filter((each) => each !== left),
          ),
        ).toBe(chosen);
      }
    }
  });

  test('after a step, another client changes or deletes at most two objects, which the seed and the step number determine', () => {
    const all = seeds.map((seed) => disturbancesOf(seed, 1));
    expect(new Set(all.map(({ length }) => length))).toEqual(new Set([0, 1, 2]));
    expect(new Set(all.flat().map(({ kind }) => kind))).toEqual(new Set(['change', 'delete']));
    for (const { child, field } of all.flat()) {
      expect(child).toBeLessThan(1);
      expect(field).toBeLessThan(1);
    }
    expect(disturbancesOf(3, 1)).toEqual(disturbancesOf(3, 1));
    expect(seeds.some((seed) => disturbancesOf(seed, 1).length !== disturbancesOf(seed, 2).length)).toBe(true);
  });

  test('a pause has no length, lasts a few seconds, or lasts until the cluster is idle', () => {
    const pauses = seeds.map((seed) => pauseOf(seed, 1));
    expect(pauses).toContain('settle');
    expect(pauses).toContain(0);
    const lengths = pauses.filter((pause) => typeof pause === 'number');
    expect(Math.max(...lengths)).toBeGreaterThan(1000);
    expect(Math.max(...lengths)).toBeLessThan(3000);
  });
});
