import { expect, test } from 'vitest';
import { compareText } from './text.ts';

test.each([
  ['\uffff', '\u{1f642}'],
  ['a', 'ab'],
  ['', 'a'],
  ['Z', 'a'],
  [`${'x'.repeat(5_000)}a`, `${'x'.repeat(5_000)}b`],
  [`a${'x'.repeat(5_000)}`, `b${'x'.repeat(5_000)}`],
])('%j is before %j, by bytes of UTF-8', (a, b) => {
  expect([compareText(a, b), compareText(b, a), compareText(a, a)]).toEqual([-1, 1, 0]);
});
