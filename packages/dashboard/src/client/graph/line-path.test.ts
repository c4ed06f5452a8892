import { expect, test } from 'vitest';
import { pathOf, pointAt } from './line-path.ts';

const at = (x: number, y: number) => ({ x, y });

test.each([
  [[], ''],
  [[at(0, 0)], 'M0 0'],
  [[at(0, 0), at(10, 0)], 'M0 0L10 0'],
  [[at(0, 0), at(10, 0), at(20, 10)], 'M0 0Q10 0 20 10'],
  [[at(0, 0), at(10, 0), at(20, 10), at(30, 10)], 'M0 0Q10 0 15 5Q20 10 30 10'],
])('pathOf draws the expected path through %j', (points, expected) => {
  expect(pathOf(points)).toBe(expected);
});

test.each([
  [[at(0, 0), at(10, 0)], 0.5, at(5, 0)],
  [[at(0, 0), at(2, 0), at(10, 0)], 0.5, at(5, 0)],
  [[at(0, 0), at(2, 0), at(2, 8)], 0.1, at(1, 0)],
  [[at(0, 0), at(2, 0), at(2, 8)], 0.6, at(2, 4)],
  [[at(0, 0), at(10, 0)], 1, at(10, 0)],
  [[at(3, 3)], 0.5, at(3, 3)],
  [[at(3, 3), at(3, 3)], 0.5, at(3, 3)],
])('on the path %j, pointAt finds the point at the fraction %d of the length', (points, part, expected) => {
  expect(pointAt(points, part)).toEqual(expected);
});
