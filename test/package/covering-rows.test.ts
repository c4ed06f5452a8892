import { expect, test } from 'vitest';
import { coveringRows } from '../support/covering-rows.ts';

test.each([
  [
    'three dimensions',
    [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ],
    8,
  ],
  [
    'two dimensions',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    1,
  ],
  ['many dimensions', Array.from({ length: 8 }, (_, index) => [`${index}x`, `${index}y`, `${index}z`]), 80],
])('with %s, every combination of choices from three dimensions is part of a row', (_, dimensions, max) => {
  const rows = coveringRows(dimensions);
  expect(rows.length).toBeLessThanOrEqual(max);
  expect(rows[0]).toEqual(dimensions.map(([first]) => first));
  for (const [a, first] of dimensions.entries()) {
    for (const [b, second] of dimensions.entries()) {
      for (const [c, third] of dimensions.entries()) {
        if (!(a < b && b < c)) continue;
        for (const x of first) {
          for (const y of second) {
            for (const z of third) expect(rows.some((row) => row[a] === x && row[b] === y && row[c] === z)).toBe(true);
          }
        }
      }
    }
  }
});
