import { describe, expect, it } from 'vitest';
import { closingQuote } from './closing-quote.ts';

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
