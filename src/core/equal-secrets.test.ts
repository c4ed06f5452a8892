import { expect, test } from 'vitest';
import { equalSecrets } from './equal-secrets.ts';

test.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['', 'a', false],
  ['aa', 'a', false],
  ['', '', true],
])('the secrets %j and %j', (given, expected, isEqual) => {
  expect(equalSecrets(given, expected)).toBe(isEqual);
});
