import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { changesOf } from './changes-of-child.ts';
import { faultSummary, firstOfEachInvariant } from './fault-summary.ts';
import type { FaultTestResult, Invariant, LifeFailure } from './fault-test-result.ts';
import { MAX_SEED, chooseTest, disturbancesOf, pauseOf, seedOfLife } from './life-plan.ts';

const LAST = {
  path: 'metadata.annotations.another-client',
  patch: { metadata: { annotations: { 'another-client': 'was here' } } },
};

function child(fields: JsonObject, owned: JsonObject): KubeObject {
  const { metadata, ...rest } = fields;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...rest,
    metadata: {
      name: 'a',
      ...(metadata as JsonObject),
      managedFields: [{ manager: 'kro.run/applyset', operation: 'Apply', fieldsV1: owned }],
    },
  };
}

describe('the changes that another client can make to a child', () => {
  const cases: readonly (readonly [string, KubeObject, readonly JsonObject[]])[] = [
    ['nothing owned', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'x' } }, []],
    ['a text', child({ data: { a: 'x', b: 'y' } }, { 'f:data': { 'f:a': {} } }), [{ data: { a: 'x-changed' } }]],
    [
      'a number and a boolean',
      child({ spec: { replicas: 2, paused: false } }, { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } }),
      [{ spec: { replicas: 3 } }, { spec: { paused: true } }],
    ],
    ['a list is skipped', child({ spec: { list: ['a'] } }, { 'f:spec': { 'f:list': {} } }), []],
    [
      'labels of the author, but not labels of the controller',
      child(
        { metadata: { labels: { 'kro.run/owned': 'true', 'applyset.kubernetes.io/part-of': 'x', team: 'a' } } },
        {
          'f:metadata': { 'f:labels': { 'f:kro.run/owned': {}, 'f:applyset.kubernetes.io/part-of': {}, 'f:team': {} } },
        },
      ),
      [{ metadata: { labels: { team: 'a-changed' } } }],
    ],
  ];

  test.each(cases)('%s', (_name, object, patches) => {
    const found = changesOf(object, 0);
    expect(found.at(-1)).toEqual(LAST);
    expect(found.slice(0, -1).map(({ patch }) => patch)).toEqual(patches);
  });

  test('a number from 0 to 1 selects the change with which the list begins', () => {
    const object = child({ data: { a: '1', b: '2', c: '3' } }, { 'f:data': { 'f:a': {}, 'f:b': {}, 'f:c': {} } });
    const paths = (from: number) => changesOf(object, from).map(({ path }) => path);
    expect(paths(0)).toEqual(['data.a', 'data.b', 'data.c', LAST.path]);
    expect(paths(0.5)).toEqual(['data.b', 'data.c', 'data.a', LAST.path]);
    expect(paths(0.99)).toEqual(['data.c', 'data.a', 'data.b', LAST.path]);
  });
});

function failure(invariant: Invariant, seed?: number): LifeFailure {
  const base = { invariant, expected: 'a', received: 'b', atMs: 0, events: [], test: 't' };
  return seed === undefined ? base : { ...base, seed };
}

function result(lives: number, failures: readonly LifeFailure[], planned = lives): FaultTestResult {
  return { lives, planned, failures, seed: 1, notes: [], milliseconds: 1 };
}

const ROWS: readonly (readonly [FaultTestResult, string])[] = [
  [result(200, []), '200 lives, 0 orphans, 0 stuck, 0 flaps'],
  [result(1, []), '1 life, 0 orphans, 0 stuck, 0 flaps'],
  [result(37, [], 200), '37 of 200 lives, 0 orphans, 0 stuck, 0 flaps'],
  [result(200, [failure('flap', 91)]), '200 lives, 0 orphans, 0 stuck, 1 flap (seed 91)'],
  [result(9, [failure('flap', 2), failure('flap', 2)]), '9 lives, 0 orphans, 0 stuck, 1 flap (seed 2)'],
  [
    result(9, [failure('orphan', 1), failure('orphan', 4), failure('stuck', 1), failure('differs', 7)]),
    '9 lives, 2 orphans (seeds 1, 4), 1 stuck (seed 1), 0 flaps, 1 different end (seed 7)',
  ],
  [
    result(
      9,
      [1, 2, 3, 4, 5, 6, 7].map((seed) => failure('order', seed)),
    ),
    '9 lives, 0 orphans, 0 stuck, 0 flaps, 7 wrong orders (seeds 1, 2, 3, 4, 5 and 2 more)',
  ],
  [result(0, [failure('stuck')], 9), '0 of 9 lives, 0 orphans, 1 stuck (without faults), 0 flaps'],
  [
    result(3, [failure('stuck'), failure('stuck', 5)], 9),
    '3 of 9 lives, 0 orphans, 2 stuck (without faults; seed 5), 0 flaps',
  ],
];

describe('the summary of lives', () => {
  test.each(ROWS.map(([given, text]) => [text, given] as const))('%s', (text, given) => {
    expect(faultSummary(given)).toBe(text);
  });

  test('firstOfEachInvariant returns the first failure of each invariant, and the number of other lives that break it', () => {
    const failures = [failure('flap', 1), failure('flap', 1), failure('orphan', 2), failure('flap', 3)];
    expect(
      firstOfEachInvariant(failures).map(({ failure: { invariant, seed }, more }) => [invariant, seed, more]),
    ).toEqual([
      ['flap', 1, 1],
      ['orphan', 2, 0],
    ]);
  });
});

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
