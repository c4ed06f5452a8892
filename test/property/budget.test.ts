import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Budget, Share } from '@typekro/kit/test-support/budget';
import { shareOf, spreadOf } from '@typekro/kit/test-support/budget';

const budgets = JSON.parse(readFileSync(new URL('../budgets.json', import.meta.url), 'utf8')) as Record<string, Budget>;
const TENTH: Budget = { test: 3, long: 10, full: 100 };

test.each<[string, Budget, Parameters<typeof shareOf>[1], number, Share]>([
  ['npm test runs the same first cases every day', TENTH, 'test', 7, { first: 0, count: 3 }],
  ['a full run has all cases every day', TENTH, 'full', 7, { first: 0, count: 100 }],
  ['the first day of a long run has the first part', TENTH, 'long', 0, { first: 0, count: 10 }],
  ['the last part is the last tenth', TENTH, 'long', 9, { first: 90, count: 10 }],
  ['the first part follows the last part', TENTH, 'long', 10, { first: 0, count: 10 }],
  ['the parts repeat for large day numbers', TENTH, 'long', 20_783, { first: 30, count: 10 }],
  [
    'the last part ends with the last case, and overlaps the part before it',
    { test: 1, long: 30, full: 100 },
    'long',
    3,
    { first: 70, count: 30 },
  ],
  ['a long run without parts has all cases', { test: 1, long: 50, full: 50 }, 'long', 5, { first: 0, count: 50 }],
])('%s', (_, budget, size, day, wanted) => {
  expect(shareOf(budget, size, day)).toEqual(wanted);
});

const numbersTo = (end: number) => Array.from({ length: end }, (_, index) => index);

test.each(Object.entries(budgets))('%s: the nightly runs together try each case of a full run', (_, budget) => {
  const days = numbersTo(Math.ceil(budget.full / budget.long)).map((day) => shareOf(budget, 'long', day));
  const tried = new Set(days.flatMap(({ first, count }) => numbersTo(count).map((index) => first + index)));
  expect([tried.size, Math.max(...days.map(({ first, count }) => first + count))]).toEqual([budget.full, budget.full]);
});

test('if each day takes cases from the whole list, the days together try all cases', () => {
  const list = numbersTo(47);
  expect(spreadOf(list, 10, 0)).toEqual(list.filter((index) => index % 4 === 0));
  const days = numbersTo(4).flatMap((day) => spreadOf(list, 10, 1000 + day));
  expect(days.sort((a, b) => a - b)).toEqual(list);
});
