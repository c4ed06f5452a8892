import { expect, test } from 'vitest';
import { RestMeter } from './rest-meter.ts';

/** Looks once a second; each entry is the share of a processor that was used in that second. */
function looks(meter: RestMeter, shares: readonly number[], from = 0, used = 0): number[] {
  const rests: number[] = [];
  let total = used;
  for (const [index, share] of shares.entries()) {
    total += share;
    if (meter.look(from + index + 1, total)) rests.push(from + index + 1);
  }
  return rests;
}

test.each<[string, number[], number[]]>([
  ['not while it works', [1, 0.5, 0.06, 1, 0.3], []],
  ['after three calm looks in a row', [1, 0.01, 0, 0.04], [4]],
  ['not when one of them was not', [1, 0, 0, 0.2, 0, 0], []],
  ['once, however long it lasts', [0, 0, 0, 0, 0, 0, 0], [3]],
  ['again after it worked', [0, 0, 0, 1, 0, 0, 0, 0], [3, 7]],
])('tells of rest %s', (_when, shares, rests) => {
  expect(looks(new RestMeter(0, 0), shares)).toEqual(rests);
});

test('spends a hundredth of the time at most on what it does at rest, which is no work', () => {
  const meter = new RestMeter(0, 0);
  expect(looks(meter, [0, 0, 0])).toEqual([3]);
  meter.did(3.5, 0.5);
  const shares = [1, ...Array.from({ length: 60 }, () => 0)];
  expect(looks(meter, shares, 3.5, 0.5)).toEqual([53.5]);
});
