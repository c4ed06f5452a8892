import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDirectory } from './make-directory.ts';

describe('making a directory', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-make-'));
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('nowhere', join(folder, 'dangling'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('makes missing parents, and does nothing when the directory exists', () => {
    const path = join(folder, 'a/b/c');
    makeDirectory(path, 0o700);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test.each([
    ['a file in its place', 'file', 'ENOTDIR'],
    ['a file above it', 'file/a/b', 'ENOTDIR'],
    ['a link without a target', 'dangling/a', 'EEXIST'],
    ['a name that is too long', `${'a'.repeat(300)}/b`, 'ENAMETOOLONG'],
  ])('%s is refused', (_what, name, code) => {
    expect(() => makeDirectory(join(folder, name))).toThrow(expect.objectContaining({ code }) as Error);
  });

  test.runIf(platform() === 'linux')(
    'fails, and does not repeat forever, below a directory that reports ENOENT for every new name',
    () => {
      for (const path of ['/proc/typekro', '/proc/typekro/a/b']) {
        expect(() => makeDirectory(path)).toThrow(/ENOENT/);
      }
    },
  );
});
