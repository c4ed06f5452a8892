import { expect, test } from 'vitest';
import { parseDuration, timeLimit } from './duration.ts';

test.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['90', 90_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['0s', 0],
  ['1.5s', 1500],
  ['1h30m', 5_400_000],
])('%s is %d ms', (text, milliseconds) => {
  expect(parseDuration(text, '--timeout')).toBe(milliseconds);
});

test.each(['', 's', '1d', '99999999999s'])('"%s" is refused with the name of the option', (text) => {
  expect(() => parseDuration(text, '--timeout')).toThrow(/--timeout .* is not a duration/);
});

test('the error for an argument without an option quotes the argument', () => {
  expect(() => parseDuration('5x', '')).toThrow(/^5x is not a duration$/);
});

test.each([
  ['60s', 60_000],
  ['61s', undefined],
])('a maximum of one minute allows one minute, and refuses a longer duration: %s', (text, milliseconds) => {
  const parse = () => parseDuration(text, '--pause', 60_000);
  if (milliseconds === undefined) expect(parse).toThrow(/^--pause 61s is longer than 1m0s$/);
  else expect(parse()).toBe(milliseconds);
});

test.each(['0.5ms', '1ns', '720h', '10000h', '2562047h'])('a time limit of %s does not abort immediately', (text) => {
  expect(timeLimit(parseDuration(text, '--timeout')).aborted).toBe(false);
});

test('a time limit that exceeds the longest timer of Node does not abort early', async () => {
  const [long, short] = [timeLimit(parseDuration('720h', '--timeout')), timeLimit(20)];
  await new Promise((resolve) => short.addEventListener('abort', resolve, { once: true }));
  expect(long.aborted).toBe(false);
});
