import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadInputs } from './load-inputs.ts';

const folder = mkdtempSync(join(tmpdir(), 'typekro-inputs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILES: Readonly<Record<string, string>> = {
  'empty.yaml': '\n',
  'comments.yaml': '---\n# nothing\r\n---\n',
  'list.yaml': 'apiVersion: v1\nkind: List\nitems: []\n',
  'separator.yaml': '---\n',
  'map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
symlinkSync('circle.yaml', join(folder, 'circle.yaml'));
mkdirSync(join(folder, 'my files'));
writeFileSync(join(folder, 'my files', 'the app.yaml'), '');

mkdirSync(join(folder, 'modules'));
writeFileSync(join(folder, 'modules', 'app.ts'), '');
mkdirSync(join(folder, 'other'));
writeFileSync(join(folder, 'other', 'notes.txt'), '');

const EMPTY_DOCUMENTS = 'holds only empty documents, such as a List without items';
const LONG = `${'n'.repeat(300)}.yaml`;

const REFUSED: readonly (readonly [files: readonly string[], message: string, remedy?: string])[] = [
  [['empty.yaml'], 'there is no object in empty.yaml: the file is empty'],
  [['comments.yaml'], 'there is no object in comments.yaml: the file holds comments only'],
  [['list.yaml'], `there is no object in list.yaml: the file ${EMPTY_DOCUMENTS}`],
  [['separator.yaml'], `there is no object in separator.yaml: the file ${EMPTY_DOCUMENTS}`],
  [
    ['empty.yaml', 'comments.yaml'],
    'there is no object in the files: empty.yaml is empty, comments.yaml holds comments only',
  ],
  [
    ['circle.yaml'],
    'circle.yaml cannot be read: ELOOP',
    'check the name, and the links and permissions of the folders above it',
  ],
  [[LONG], `${LONG} cannot be read: ENAMETOOLONG`],
  [
    ['modules'],
    'modules is a folder, and only files are read',
    'name the files in it, such as modules/app.ts, or all of them: modules/*.ts',
  ],
  [['other'], 'there is no file with one of the types .yaml, .yml, .json, .ts', 'name a file; subfolders are not read'],
  [
    ['my files/*.yaml'],
    'there is no file my files/*.yaml',
    "the shell expands patterns: write the pattern without quotes, or name the files: 'my files/the app.yaml'",
  ],
];

test('of a folder, the YAML and JSON files are read, and a note names those that are left out', async () => {
  const apps = join(folder, 'apps');
  mkdirSync(join(apps, 'sub.yaml'), { recursive: true });
  const object = (name: string) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  for (const name of [
    'b.yml',
    'a.json',
    'sub.yaml/c.yaml',
    'kustomization.yaml',
    'a.test.yaml',
    'app.ts',
    'notes.txt',
    'package.json',
  ])
    writeFileSync(join(apps, name), object(name));
  symlinkSync('a.json', join(apps, 'link.yaml'));
  const notes: string[] = [];
  const { objects, diagnostics } = await loadInputs(['apps', 'apps/b.yml'], folder, (note) => void notes.push(note));
  expect(objects.map(({ file, object: { metadata } }) => [file, metadata.name])).toEqual([
    ['apps/a.json', 'a.json'],
    ['apps/b.yml', 'b.yml'],
  ]);
  expect(diagnostics).toEqual([]);
  expect(notes).toEqual([
    'note: of the folder apps, these are not read: "a.test.yaml" (typekro test reads it), "kustomization.yaml" (kubectl apply -k reads it), "link.yaml" (it is a link; name it to read it), "package.json" (npm or TypeScript reads it), "sub.yaml" (it is not a file)',
  ]);
});

test.each(REFUSED.map(([files, message, remedy]) => ({ files, message, remedy })))(
  'loading $files is refused',
  async ({ files, message, remedy }) => {
    const refused = loadInputs(files, folder);
    await expect(refused).rejects.toThrow(message);
    if (remedy !== undefined) await expect(refused).rejects.toMatchObject({ remedy });
  },
);

test('an unreadable file does not prevent the load of the other files', async () => {
  const { objects, diagnostics } = await loadInputs(['circle.yaml', 'map.yaml', 'list.yaml'], folder);
  expect(objects.map(({ file }) => file)).toEqual(['map.yaml']);
  expect(diagnostics).toMatchObject([
    { code: 'input/unreadable', message: expect.stringMatching(/^the file cannot be read: ELOOP/) },
    { code: 'input/empty', message: `there is no object in list.yaml: the file ${EMPTY_DOCUMENTS}` },
  ]);
});
