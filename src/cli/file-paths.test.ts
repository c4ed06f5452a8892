import { expect, test } from 'vitest';
import { isNoFile, isOutside } from './file-paths.ts';

test.each([
  ['app.ts', false],
  ['..app.ts', false],
  ['...', false],
  ['', false],
  ['..', true],
  ['../app.ts', true],
  ['/app.ts', true],
])('the relative path %j leads out of the folder: %j', (path, expected) => {
  expect(isOutside(path)).toBe(expected);
});

test.each([
  ['ENOENT', true],
  ['ENOTDIR', true],
  ['ENAMETOOLONG', true],
  ['ELOOP', true],
  ['EACCES', true],
  ['EPERM', true],
  ['EIO', false],
  ['EMFILE', false],
])('the error %s says that there is no file: %j', (code, expected) => {
  expect(isNoFile(Object.assign(new Error(code), { code }))).toBe(expected);
});
