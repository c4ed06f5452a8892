import { expect, test } from 'vitest';
import { indexesProblem, overlapProblem } from './job-index-text.ts';

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
