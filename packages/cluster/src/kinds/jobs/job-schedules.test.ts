import { expect, test } from 'vitest';
import { indexesProblem, overlapProblem } from './job-index-text.ts';
import { scheduleProblem } from './schedule-problem.ts';

test.each<[string, string | undefined]>([
  ['', undefined],
  ['0', undefined],
  ['0-2,4,9', undefined],
  ['+1', undefined],
  ['10', 'too large index: "10"'],
  ['0-10', 'too large index: "10"'],
  ['x', 'cannot convert string to integer for index: "x"'],
  ['0-x', 'cannot convert string to integer for index: "x"'],
  ['1,', 'cannot convert string to integer for index: ""'],
  [
    '1-2-3',
    `the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
  ],
  ['2-2', 'non-increasing order, previous: 2, current: 2'],
  ['3-1', 'non-increasing order, previous: 3, current: 1'],
  ['0-2,2', 'non-increasing order, previous: 2, current: 2'],
  ['5,1', 'non-increasing order, previous: 5, current: 1'],
])('for ten completions, the indexes "%s" have the problem %s', (text, problem) => {
  expect(indexesProblem(text, 10)).toBe(problem);
});

test.each<[string, string, number | undefined]>([
  ['', '1', undefined],
  ['1', '', undefined],
  ['0-2', '3', undefined],
  ['0,2,4', '1,3,5', undefined],
  ['0-2', '2', 2],
  ['5', '3-7', 5],
  ['0,4-6', '2,6-8', 6],
  ['x,4', 'y,4', 4],
])('the indexes "%s" and "%s" overlap at %s', (completed, failed, index) => {
  const text = index === undefined ? undefined : `failedIndexes and completedIndexes overlap at index: ${index}`;
  expect(overlapProblem(completed, failed, 10)).toBe(text);
});

test.each([
  '* * * * *',
  '*/5,1-3 * * jan mon',
  '0 0 31 2 *',
  '@daily',
  '@every 1h30m',
  '@every 0',
  '1/5 * * * SUN',
  '1,, * * * *',
  '*-5-x * * * *',
  '@every -1ms',
])('%s is a schedule', (text) => {
  expect(scheduleProblem(text)).toBeUndefined();
});

test.each([
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  ['5-6-7 * * * *', 'too many hyphens: 5-6-7'],
  ['a-6-7 * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  [' ', 'expected exactly 5 fields, found 0: []'],
  [' @daily', 'expected exactly 5 fields, found 1: [@daily]'],
  ['@every', 'unrecognized descriptor: @every'],
  ['@bogus', 'unrecognized descriptor: @bogus'],
  ['@every 9999999h', 'failed to parse duration @every 9999999h: time: invalid duration "9999999h"'],
  ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
])('%s is not a schedule: %s', (text, problem) => {
  expect(scheduleProblem(text)).toBe(problem);
});
