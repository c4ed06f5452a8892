import { expect, test } from 'vitest';
import type { Budget, Share } from '../support/budget.ts';
import { shareOf } from '../support/budget.ts';

const TENTH: Budget = { test: 3, long: 10, full: 100 };

test.each<[string, Budget, Parameters<typeof shareOf>[1], number, Share]>([
  ['npm test has the first cases on each day', TENTH, 'test', 7, { first: 0, count: 3 }],
  ['a full run has all cases on each day', TENTH, 'full', 7, { first: 0, count: 100 }],
  ['the first day of a long run has the first part', TENTH, 'long', 0, { first: 0, count: 10 }],
  ['the last part is the last tenth', TENTH, 'long', 9, { first: 90, count: 10 }],
  ['after the last part comes the first', TENTH, 'long', 20_783, { first: 30, count: 10 }],
  [
    'a rest that is no whole part is only in a full run',
    { test: 1, long: 30, full: 100 },
    'long',
    3,
    { first: 0, count: 30 },
  ],
  ['a long run without parts has all cases', { test: 1, long: 50, full: 50 }, 'long', 5, { first: 0, count: 50 }],
])('%s', (_, budget, size, day, wanted) => {
  expect(shareOf(budget, size, day)).toEqual(wanted);
});
