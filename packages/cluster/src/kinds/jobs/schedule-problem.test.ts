import { expect, test } from 'vitest';
import { scheduleProblem } from './schedule-problem.ts';

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
