import { expect, test, describe, it } from 'vitest';
import { count, closingQuote } from './text.ts';

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

describe('closingQuote finds the quotation mark that closes a string', () => {
  it.each([
    ['""', 0, 1],
    ['"a"', 0, 2],
    ['x "a" "b"', 2, 4],
    ['x "a" "b"', 6, 8],
    ['"a\\"b"', 0, 5],
    ['"a\\\\"b"', 0, 4],
    ['"\\\\\\""', 0, 5],
    ['"', 0, undefined],
    ['"a', 0, undefined],
    ['"a\\"', 0, undefined],
    ['"\\', 0, undefined],
  ])('%j from %i: %s', (text, open, close) => {
    expect(closingQuote(text, open)).toBe(close);
  });
});
