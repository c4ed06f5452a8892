import { expect, test } from 'vitest';
import { padded, widthOf, wrapped } from './layout.ts';

test.each([
  ['', 0],
  ['shop', 4],
  ['\u001b[31mshop\u001b[0m', 4],
  ['日本', 4],
])('%j takes columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test('blanks behind a text go by columns, not by characters', () => {
  expect(padded('日本', 6)).toBe('日本  ');
  expect(padded('\u001b[31mab\u001b[0m', 4)).toBe('\u001b[31mab\u001b[0m  ');
  expect(padded('longer', 3)).toBe('longer');
});

test.each<[string, string, number | undefined, string[]]>([
  ['without a terminal a line is never broken', 'one two three', undefined, ['one two three']],
  ['it fits exactly', 'one two', 7, ['one two']],
  ['one column short', 'one two', 6, ['one', '    two']],
  ['the lead stays', '  one two three', 9, ['  one two', '    three']],
  ['a long word has a line of its own', 'a verylongword b', 6, ['a', '    verylongword', '    b']],
  ['gaps inside of a line stay', 'a   b c', 5, ['a   b', '    c']],
  ['wide characters', '日本 日本', 8, ['日本', '    日本']],
])('%s', (_what, line, columns, expected) => {
  expect(wrapped(line, columns, 4)).toEqual(expected);
});
