import { expect, test } from 'vitest';
import { validateValue } from '../index.ts';

/** A text of the letters a and b without a period. */
const randomText = (length: number): string => {
  let seed = 1;
  let text = '';
  for (let index = 0; index < length; index += 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    text += seed % 2 === 0 ? 'a' : 'b';
  }
  return text;
};

test.each([
  ['a long string', '^x*$', 'x'.repeat(2_000_000), undefined],
  ['a long string of letters', String.raw`[\p{L}]{1,200}[0-9]`, `${'é'.repeat(300_000)}1`, undefined],
  ['a long string that differs', '^x*$', `${'x'.repeat(10)}y`, "should match '^x*$'"],
  [
    'a string that needs too much work',
    '[ab]*a[ab]{300}c',
    randomText(300_000),
    "should match '[ab]*a[ab]{300}c', and be shorter: the comparison takes too long",
  ],
  [
    'a pattern that is too large',
    Array.from({ length: 50_000 }, (_, index) => `a${index}`).join('|'),
    'a1',
    'but pattern is invalid: error parsing regexp: expression too large',
  ],
])('%s is compared with its pattern', (_, pattern, value, problem) => {
  const found = validateValue({ properties: { a: { type: 'string', pattern } } }, { a: value }).map(
    ({ message }) => message,
  );
  expect(found).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
});
