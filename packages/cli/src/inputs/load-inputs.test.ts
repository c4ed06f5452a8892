import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadInputs } from './load-inputs.ts';
import { loadModule } from './load-module.ts';

describe('load inputs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-inputs-'));

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
    [
      ['other'],
      'there is no file with one of the types .yaml, .yml, .json, .ts',
      'name a file; subfolders are not read',
    ],
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
});

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const FILE = 'shop.mjs';
const TEXT = `
import { createResource, def, graph } from 'typekro';
export const shop = graph('shop', () => {
  const naming = def('naming', { team: 'red' });
  createResource({ id: 'config', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: naming.team } });
});
`;

describe('in a module with a graph', () => {
  let folder: string;
  beforeAll(() => {
    // The folder is inside the package, so that a module in it can import the package by name.
    folder = mkdtempSync(join(root, 'dist', 'load-module-'));
    writeFileSync(join(folder, FILE), TEXT);
  });
  // The run removes only temporary folders, and this one would be a part of the package.
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('an exported graph is loaded as its Graph object, and its nodes have positions in the file', async () => {
    const { objects, diagnostics } = await loadModule(join(folder, FILE), FILE, folder);
    expect(diagnostics).toEqual([]);
    expect(objects.map(({ object }) => [object.kind, object.metadata.name])).toEqual([['Graph', 'shop']]);
    expect(objects[0]?.locate?.('spec.nodes[0].template.metadata.name')).toMatchObject({ file: FILE, line: 5 });
    expect(objects[0]?.locate?.('spec.nodes[1].def')).toMatchObject({ file: FILE, line: 4 });
  });
});

describe('a module with plain objects', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-load-module-'));

  const MAP = "const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };\n";
  const NAMELESS = "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { labels: {} } }";
  let count = 0;

  /** Loads a module. Returns the names of its objects, and its problems as `line severity: message`. */
  const load = async (text: string): Promise<readonly [names: readonly unknown[], problems: readonly string[]]> => {
    const file = `objects-${(count += 1)}.mjs`;
    writeFileSync(join(folder, file), text);
    const { objects, diagnostics } = await loadModule(join(folder, file), file, folder);
    return [
      objects.map(({ object }) => object.metadata.name),
      diagnostics.map(
        ({ severity, source, message }) => `${source?.line ?? '?'} ${severity}: ${message.replace(file, 'FILE')}`,
      ),
    ];
  };

  test.each<readonly [title: string, text: string, names: readonly string[], problems: readonly string[]]>([
    [
      'an object under several names',
      `${MAP}export { map };\nexport default map;\nexport const all = [map];\n`,
      ['a'],
      [],
    ],
    ['the items of a List', `${MAP}export const list = { apiVersion: 'v1', kind: 'List', items: [map] };\n`, ['a'], []],
    [
      'an object without a name next to another object',
      `${MAP}export { map };\nexport const lost = ${NAMELESS};\n`,
      ['a'],
      ['3 warning: "lost" has an object without metadata.name; this object is ignored'],
    ],
    [
      'an object without a name as the only export',
      `export const lost = ${NAMELESS};\n`,
      [],
      ['1 error: FILE exports no composition and no Kubernetes object: "lost" has no metadata.name'],
    ],
    [
      'a promise of an object',
      `${MAP}export const later = Promise.resolve(map);\n`,
      [],
      ['2 error: "later" is a promise; its value is ignored'],
    ],
    [
      'a list of other values',
      "export const parts = [{ kind: 'ConfigMap' }];\n",
      [],
      [
        '1 error: FILE exports no composition and no Kubernetes object: "parts" is a list without compositions and Kubernetes objects',
      ],
    ],
    [
      'an export below a line that reads its value',
      'const app = 1;\nexport const other = app > 1 ? app : undefined;\nexport {\n  app,\n};\n',
      [],
      ['3 error: FILE exports no composition and no Kubernetes object: "app" is a number'],
    ],
    [
      'an export that begins with a dollar',
      "// The comment.\nexport const $app = '';\n",
      [],
      ['2 error: FILE exports no composition and no Kubernetes object: "$app" is a string'],
    ],
  ])('the expected objects and problems are found for %s', async (_title, text, names, problems) => {
    expect(await load(text)).toEqual([names, problems]);
  });

  test('an exported promise that never settles does not prevent the load of the objects', async () => {
    // Node emits this event when it has no more work. The test emits it, because the test runner always has work.
    const idle = "setImmediate(() => process.emit('beforeExit', 0));\n";
    expect(await load(`${MAP}export { map };\nexport const never = new Promise(() => {});\n${idle}`)).toEqual([
      ['a'],
      [],
    ]);
  });

  test.each(["BigInt('x')", "JSON.parse('{')", "'x'.match('(')", 'new Function("(")', 'eval("(")'])(
    '%s throws at its own line, and is not an error in the syntax of the module',
    async (code) => {
      const [, problems] = await load(`${MAP}export { map };\n\nexport const found = ${code};\n`);
      expect(problems).toEqual([expect.stringMatching(/^4 error: (?!this is not valid)/)]);
    },
  );
});
