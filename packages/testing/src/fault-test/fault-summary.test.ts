import { describe, expect, test } from 'vitest';
import { faultSummary, firstOfEachInvariant } from './fault-summary.ts';
import type { FaultTestResult, Invariant, LifeFailure } from './model.ts';

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
