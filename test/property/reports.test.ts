import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Budget, type Share, shareOf, spreadOf } from '@typekro/kit/test-support/budget';
import type { KubeObject } from '@typekro/kit/core';
import { type FleetRecord, recordChange } from '../support/fleet.ts';

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

const child = (course: string, resourceVersion: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'ship-1-log', resourceVersion, labels },
  data: { course },
});

const BEFORE = child('9', '100', { a: '1' });

test.each<[string, string, KubeObject | undefined, KubeObject, Partial<FleetRecord>]>([
  [
    'a write of a higher course counts as wanted, even if the number has more digits',
    'MODIFIED',
    BEFORE,
    child('10', '101'),
    { wanted: 1 },
  ],
  [
    'a write of a lower course counts as a stale write',
    'MODIFIED',
    BEFORE,
    child('8', '101'),
    { stale: ['ship-1-log: 9 → 8'] },
  ],
  [
    'a write of the same course with another label counts as needless',
    'MODIFIED',
    BEFORE,
    child('9', '101', { a: '2' }),
    { needless: ['ship-1-log: label a: "1" → "2"'] },
  ],
  ['an object with the same version is not a change', 'ADDED', BEFORE, BEFORE, {}],
  ['a new child is not a change', 'ADDED', undefined, child('1', '101'), {}],
  ['a deleted child counts as lost', 'DELETED', BEFORE, BEFORE, { lost: ['ship-1-log'] }],
])('%s', (_, type, before, object, wanted) => {
  const record: FleetRecord = { edits: 0, wanted: 0, needless: [], stale: [], lost: [] };
  recordChange(record, type, before, object);
  expect(record).toEqual({ edits: 0, wanted: 0, needless: [], stale: [], lost: [], ...wanted });
});
