import { execFileSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { requireFolder, writeWholeFile } from './write-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'typekro-folder-'));
writeFileSync(join(folder, 'file'), '');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['none/prod.json', 'the folder FOLDER/none does not exist', 'make it, mkdir -p FOLDER/none, or correct the name'],
  [
    'none/more/prod.json',
    'the folder FOLDER/none/more does not exist',
    'make it, mkdir -p FOLDER/none/more, or correct the name',
  ],
  ['file/prod.json', 'FOLDER/file is a file, not a folder', 'name another place'],
])('%s is refused before the work', (name, why, remedy) => {
  const text = (each: string) => each.replaceAll('FOLDER', folder);
  const path = join(folder, name);
  expect(() => requireFolder(path, 'snapshot/not-written')).toThrow(
    expect.objectContaining({ message: `${path} cannot be written: ${text(why)}`, remedy: text(remedy) }),
  );
});

test('a file in a folder that exists may be written', () => {
  expect(() => requireFolder(join(folder, 'prod.json'), 'snapshot/not-written')).not.toThrow();
  expect(() => requireFolder('/dev/stdout', 'snapshot/not-written')).not.toThrow();
});

const DETAILS = { code: 'snapshot/not-written', remedy: 'name another place' };

test('a whole file replaces the target of a symbolic link, and the link stays', () => {
  const [target, link] = [join(folder, 'target'), join(folder, 'link')];
  writeFileSync(target, 'before');
  symlinkSync('target', link);
  writeWholeFile(link, Buffer.from('after'), DETAILS);
  expect(readFileSync(target, 'utf8')).toBe('after');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(statSync(target).mode & 0o777).toBe(0o600);
});

test.skipIf(process.platform === 'win32')('a pipe gets the bytes of a whole file, and is not replaced', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // A pipe that is open for reading and writing does not block.
  const end = openSync(pipe, 'r+');
  writeWholeFile(pipe, Buffer.from('after'), DETAILS);
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  const bytes = Buffer.alloc(5);
  readSync(end, bytes);
  closeSync(end);
  expect(bytes.toString()).toBe('after');
});
