import { expect, test } from 'vitest';
import { isLaterVersion, mayBeLaterVersion, wentBack } from './resource-version.ts';

test.each<[string | undefined, string | undefined, isLater: boolean, mayBeLater: boolean]>([
  ['10', '9', true, true],
  ['9', '10', false, false],
  ['7', '7', false, false],
  ['18446744073709551616', '9007199254740993', true, true],
  ['1', undefined, true, true],
  [undefined, '1', false, false],
  [undefined, undefined, false, true],
  ['a1', 'z9', false, true],
  ['z9', 'a1', false, true],
  ['z9', 'z9', false, false],
  ['5', '', false, true],
])('version %s is certainly later than %s: %s, and may be later: %s', (a, b, isLater, mayBeLater) => {
  expect([isLaterVersion(a, b), mayBeLaterVersion(a, b)]).toEqual([isLater, mayBeLater]);
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
