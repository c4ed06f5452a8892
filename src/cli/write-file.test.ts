import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { requireFolder } from './write-file.ts';

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
