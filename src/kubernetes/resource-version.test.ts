import { expect, test } from 'vitest';
import { isLaterVersion, wentBack } from './resource-version.ts';

test.each<[string | undefined, string | undefined, boolean]>([
  ['10', '9', true],
  ['9', '10', false],
  ['7', '7', false],
  ['18446744073709551616', '9007199254740993', true],
  ['1', undefined, true],
  [undefined, '1', false],
])('is %s later than %s? %s', (a, b, expected) => {
  expect(isLaterVersion(a, b)).toBe(expected);
});

test.each<[string | undefined, string, boolean]>([
  ['5000', '3000', true],
  ['5000', '5000', false],
  ['5000', '5001', false],
  [undefined, '3000', false],
  ['0', '3000', false],
  ['b-5', 'a-9', false],
  ['5000', '', false],
])('a server that had the version %s and now has %s was restored: %s', (known, present, expected) => {
  expect(wentBack(known, present)).toBe(expected);
});
