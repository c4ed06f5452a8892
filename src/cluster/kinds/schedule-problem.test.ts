import { expect, test } from 'vitest';
import { scheduleProblem } from './schedule-problem.ts';

test.each(['* * * * *', '*/5,1-3 * * jan mon', '0 0 31 2 *', '@daily', '@every 1h30m', '@every 0', '1/5 * * * SUN'])(
  '%s is a schedule',
  (text) => {
    expect(scheduleProblem(text)).toBeUndefined();
  },
);

test.each([
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  ['@bogus', 'unrecognized descriptor: @bogus'],
  ['@every 9999999h', 'failed to parse duration @every 9999999h: time: invalid duration "9999999h"'],
  ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
])('%s is not a schedule: %s', (text, problem) => {
  expect(scheduleProblem(text)).toBe(problem);
});
