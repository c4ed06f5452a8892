import { expect, test } from 'vitest';
import { excerptOf, offsetOf } from './offsets.ts';

test.each([
  ['abc', 1, 1, 0],
  ['abc', 1, 3, 2],
  ['a\nbc\n', 2, 2, 3],
  ['👍b', 1, 2, 2],
  ['abc', 1, 99, 3],
  ['a\nb', 99, 1, 2],
  ['a', 0, 0, 0],
  ['', 1, 1, 0],
])('in %j line %i, column %i is the offset %i', (text, line, column, offset) => {
  expect(offsetOf(text, { line, column })).toBe(offset);
});

test('an excerpt has a caret below the column', () => {
  expect(excerptOf('a\n  bc', { line: 2, column: 3 })).toBe('  bc\n  ^');
  expect(excerptOf('a\u202e👍b', { line: 1, column: 4 })).toBe('a\\u202e👍b\n        ^');
});
