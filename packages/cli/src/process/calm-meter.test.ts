import { expect, test } from 'vitest';
import { CalmMeter } from './small-heap.ts';

test.each<[string, number[], number[]]>([
  ['no sample while the process is busy', [1, 0.5, 0.16], [0, 0, 0]],
  ['every sample while the process is calm', [1, 0.01, 0, 0.04], [0, 1, 2, 3]],
  ['from zero again after a busy sample', [0, 0, 0.2, 0], [1, 2, 0, 1]],
])('counts calm samples in a row: %s', (_what, shares, calm) => {
  const meter = new CalmMeter(0, 0);
  let used = 0;
  const samples = shares.map((share, index) => {
    used += share;
    return meter.sample(index + 1, used);
  });
  expect(samples).toEqual(calm);
});
