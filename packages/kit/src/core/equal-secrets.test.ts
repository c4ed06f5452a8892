import { expect, test } from 'vitest';
import { equalSecrets } from './http-server.ts';

test.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['', 'a', false],
  ['aa', 'a', false],
  ['', '', true],
])('the secrets %j and %j are equal: %s', (given, expected, isEqual) => {
  expect(equalSecrets(given, expected)).toBe(isEqual);
});
