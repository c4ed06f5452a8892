import { expect, test } from 'vitest';
import { middleOf, pathOf } from './line-path.ts';

const at = (x: number, y: number) => ({ x, y });

test.each([
  [[], ''],
  [[at(0, 0)], 'M0 0'],
  [[at(0, 0), at(10, 0)], 'M0 0L10 0'],
  [[at(0, 0), at(10, 0), at(20, 10)], 'M0 0Q10 0 20 10'],
  [[at(0, 0), at(10, 0), at(20, 10), at(30, 10)], 'M0 0Q10 0 15 5Q20 10 30 10'],
])('the path through %j', (points, expected) => {
  expect(pathOf(points)).toBe(expected);
});

test.each([
  [[at(0, 0), at(10, 0)], at(5, 0)],
  [[at(0, 0), at(2, 0), at(10, 0)], at(5, 0)],
  [[at(3, 3)], at(3, 3)],
  [[at(3, 3), at(3, 3)], at(3, 3)],
])('the middle of %j', (points, expected) => {
  expect(middleOf(points)).toEqual(expected);
});
