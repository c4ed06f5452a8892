import { expect, test } from 'vitest';
import { count } from './count.ts';

test.each([
  [0, 'error', undefined, '0 errors'],
  [1, 'error', undefined, '1 error'],
  [1n, 'item', undefined, '1 item'],
  [2, 'error', undefined, '2 errors'],
  [1, 'life', 'lives', '1 life'],
  [2, 'life', 'lives', '2 lives'],
])('%s × %s with the plural %s is %s', (number, noun, plural, text) => {
  expect(count(number, noun, plural)).toBe(text);
});
