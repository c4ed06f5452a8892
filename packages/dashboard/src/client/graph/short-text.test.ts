import { expect, test } from 'vitest';
import { shortText } from './place-labels.ts';

test.each([
  ['short', 5, 'short'],
  ['longer', 5, 'long…'],
  ['a\u202eb', 12, 'a\\u202eb'],
  ['😀😀😀', 3, '😀😀😀'],
  ['😀😀😀', 2, '😀…'],
])('shortText shows %j in at most %i characters', (text, length, expected) => {
  expect(shortText(text, length)).toBe(expected);
});
