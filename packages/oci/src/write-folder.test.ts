import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeFolder } from './write-folder.ts';

const file = (path: string, text = 'text') => ({ path, content: Buffer.from(text) });
const FILES = [file('README.md'), file('manifests/a.yaml', 'a: 1\n'), file('manifests/deep/b.yaml', '')];
const newFolder = (): string => mkdtempSync(join(tmpdir(), 'typekro-folder-'));
const list = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

describe('the folder of a package', () => {
  test.each([
    ['is new', (): void => undefined],
    ['is empty', (folder: string) => mkdirSync(join(folder, 'a/out'), { recursive: true })],
  ])('%s, and gets all files', (_, prepare) => {
    const base = newFolder();
    prepare(base);
    writeFolder(join(base, 'a/out'), FILES, 'out');
    expect(list(base)).toEqual(
      [
        'a',
        'a/out',
        ...['README.md', 'manifests', 'manifests/a.yaml', 'manifests/deep', 'manifests/deep/b.yaml'].map(
          (each) => `a/out/${each}`,
        ),
      ].sort(),
    );
    expect(readFileSync(join(base, 'a/out/manifests/a.yaml'), 'utf8')).toBe('a: 1\n');
  });

  test.each<[string, (path: string) => void, string]>([
    [
      'has a file',
      (path) => (mkdirSync(path), writeFileSync(join(path, 'mine'), '')),
      'out already exists and is not empty',
    ],
    ['is a file', (path) => writeFileSync(path, 'mine'), 'out already exists and is not a folder'],
    ['is a link to an empty folder', (path) => symlinkSync(newFolder(), path), 'is not a folder'],
    ['is a link to nothing', (path) => symlinkSync('/nothing', path), 'is not a folder'],
  ])('is not changed when it %s', (_, prepare, message) => {
    const base = newFolder();
    const path = join(base, 'out');
    prepare(path);
    const before = list(base);
    expect(() => writeFolder(path, FILES, 'out')).toThrow(
      expect.objectContaining({ code: 'oci/folder-exists', message: expect.stringContaining(message) }),
    );
    expect(list(base)).toEqual(before);
  });

  test.each([
    ['the file system refuses a file', [...FILES, file('README.md/b')], 'ENOTDIR'],
    ['a file exists twice', [...FILES, file('README.md')], 'EEXIST'],
    ['a path leaves it', [...FILES, file('../b')], 'oci/package'],
  ])('does not exist, nor a part of it, when %s', (_, files, code) => {
    const base = newFolder();
    expect(() => writeFolder(join(base, 'out'), files, 'out')).toThrow(expect.objectContaining({ code }));
    expect(list(base)).toEqual([]);
    mkdirSync(join(base, 'out'));
    expect(() => writeFolder(join(base, 'out'), files, 'out')).toThrow(expect.objectContaining({ code }));
    expect(list(base)).toEqual(['out']);
  });
});
