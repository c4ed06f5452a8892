import { describe, expect, it, test } from 'vitest';
import fc from 'fast-check';
import { Document, parse } from 'yaml';
import { closingQuote, count, percentDecoded } from './text.ts';
import { LineIndex } from './line-index.ts';
import { isoTime } from './time.ts';
import { YAML_OUTPUT, yamlOutput } from './yaml-output.ts';

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

test.each([
  ['a%2Fb', 'a/b'],
  ['p%ss', 'p%ss'],
  ['%e2%82', '%e2%82'],
])('the part %s of a URL is decoded to %s', (part, text) => {
  expect(percentDecoded(part)).toBe(text);
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

test.each([0, 1, -1, 951_782_400_000, 253_402_300_799_999, 253_402_300_800_000, -62_167_219_200_001, 8.64e15])(
  '%d has the string that toISOString returns',
  (milliseconds) => {
    expect(isoTime(milliseconds)).toBe(new Date(milliseconds).toISOString());
  },
);

test('every time has the string that toISOString returns', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (date) => {
      expect(isoTime(date.getTime())).toBe(date.toISOString());
    }),
  );
});

test('a number that is not a time is refused', () => {
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
});

const ALPHABET = [' ', '\n', '\t', 'a', '#'];

function* textsUpTo(length: number): Generator<string> {
  if (length === 0) return;
  for (const first of ALPHABET) {
    yield first;
    for (const rest of textsUpTo(length - 1)) yield first + rest;
  }
}

test('every short string of spaces, line feeds, tabs, "a" and "#" is the same after printing and parsing, as a value, an item and a key', () => {
  for (const text of textsUpTo(4)) {
    const value = { text, items: [text, 'end'], keys: { [text]: 1 }, last: text };
    expect(parse(yamlOutput(new Document(value, YAML_OUTPUT)))).toEqual(value);
  }
});
