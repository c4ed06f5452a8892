import { expect, test } from 'vitest';
import { isInherited } from './inherited-files.ts';

test.each([
  ['a pipe of the caller', 'pos:\t0\nflags:\t01\nmnt_id:\t15\n', true],
  ['a pipe of Node', 'pos:\t0\nflags:\t02004001\nmnt_id:\t15\n', false],
  ['a file of Node', 'pos:\t0\nflags:\t02100000\nmnt_id:\t15\n', false],
  ['a file without flags', 'pos:\t0\n', false],
])('isInherited decides whether the process inherits %s', (_what, info, expected) => {
  expect(isInherited(info)).toBe(expected);
});
