import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isNoFile, isOutside, statOf } from './file-paths.ts';

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
])('the error %s means that the path has no file that this user may reach: %j', (code, expected) => {
  expect(isNoFile(Object.assign(new Error(code), { code }))).toBe(expected);
});

test.skipIf(process.platform === 'win32')('statOf returns undefined for a path without a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-paths-'));
  try {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('loop', join(folder, 'loop'));
    expect(statOf(join(folder, 'file'))?.isFile()).toBe(true);
    for (const name of ['none', 'loop', join('file', 'inside'), 'a'.repeat(1000)]) {
      expect(statOf(join(folder, name)), name).toBeUndefined();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
