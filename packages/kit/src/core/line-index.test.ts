import { describe, expect, test } from 'vitest';
import { LineIndex } from './line-index.ts';

const TEXT = 'a\r\nb😀c\rd\n';

describe('LineIndex', () => {
  test.each([
    [0, 1, 1],
    [1, 1, 2],
    [3, 2, 1],
    [4, 2, 2],
    // One column for a character of two UTF-16 units.
    [6, 2, 3],
    [8, 3, 1],
    [10, 4, 1],
    [99, 4, 1],
    [-1, 1, 1],
  ])('offset %i is line %i, column %i', (offset, line, column) => {
    expect(new LineIndex(TEXT, 'x.ts').position(offset)).toEqual({ file: 'x.ts', line, column });
  });

  test.each([
    [1, 'a'],
    [2, 'b😀c'],
    [3, 'd'],
    [4, ''],
    [5, undefined],
    [0, undefined],
  ])('the text of line %i is %j', (line, text) => {
    expect(new LineIndex(TEXT).lineText(line)).toBe(text);
  });

  test.each([
    [TEXT, 2, 3, 3],
    [TEXT, 2, 99, 4],
    ['abc', 1, 2, 1],
    ['abc', 1, 9, 3],
    ['abc', 1, 0, 0],
    ['abc', 7, 2, 0],
  ])('in %j, line %i, column %i is offset %i of the line', (text, line, column, offset) => {
    expect(new LineIndex(text).offsetInLine({ line, column })).toBe(offset);
  });
});
