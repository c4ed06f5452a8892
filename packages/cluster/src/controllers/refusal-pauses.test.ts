import { expect, test } from 'vitest';
import { RefusalPauses } from './refusal-pauses.ts';

test('the pauses of an owner increase until one of its pods is accepted', () => {
  const pauses = new RefusalPauses();
  const found: number[] = [];
  for (let count = 0; count < 6; count += 1) {
    found.push(pauses.pauseOf('a', 0));
    pauses.add('a', 0);
  }
  expect(found).toEqual([0, 1000, 2000, 4000, 8000, 10_000]);
  expect([pauses.pauseOf('a', 4000), pauses.pauseOf('b', 0)]).toEqual([6000, 0]);
  pauses.delete('a');
  expect(pauses.pauseOf('a', 0)).toBe(0);
});

test('a new refusal removes the owners whose last refusal is more than 20 seconds old', () => {
  const pauses = new RefusalPauses();
  for (let owner = 0; owner < 100; owner += 1) pauses.add(`uid-${owner}`, owner * 1000);
  expect(pauses.size).toBe(21);
  pauses.add('uid-80', 99_000);
  expect([pauses.size, pauses.pauseOf('uid-80', 99_000), pauses.pauseOf('uid-78', 99_000)]).toEqual([21, 2000, 0]);
});
