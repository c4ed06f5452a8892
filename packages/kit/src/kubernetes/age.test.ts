import { expect, test } from 'vitest';
import { age } from './age.ts';

const NOW = Date.parse('2026-01-01T00:00:10Z');

test.each([
  ['2026-01-01T00:00:05Z', '5s'],
  ['2026-01-01T00:00:11.999Z', '0s'],
  ['2026-01-01T00:00:12Z', '<invalid>'],
  ['yesterday', '<invalid>'],
  ['2026-01-01', '<invalid>'],
  ['2026', '<invalid>'],
  ['0001-01-01T00:00:00Z', '<unknown>'],
  ['', '<unknown>'],
])('the age since %j is %s, as in the output of kubectl', (start, expected) => {
  expect(age(start, NOW)).toBe(expected);
});
