import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { findManifests, readManifestFile, shownFile } from './workspace-files.ts';

const uriOf = (path: string): string => pathToFileURL(path).href;

test.each([
  ['/work/web/app.yaml', ['/work/web'], 'app.yaml'],
  ['/work/web/deep/app.yaml', ['/work/api', '/work/web/'], 'deep/app.yaml'],
  ['/work/web/..app.yaml', ['/work/web'], '..app.yaml'],
  // The name of the folder begins with the name of another folder.
  ['/work/web-2/app.yaml', ['/work/web'], '/work/web-2/app.yaml'],
  ['/work/app.yaml', ['/work/web'], '/work/app.yaml'],
  ['/work/app.yaml', [], '/work/app.yaml'],
])('the file %s is shown, with the workspace folders %j, as %s', (path, folders, shown) => {
  expect(shownFile(uriOf(path), folders.map(uriOf))).toBe(shown);
});

test.each(['untitled:One', 'file://server/work/app.yaml', 'file:///work/a%2Fb.yaml'])(
  'a document that is not a file of this machine is shown by its URI: %s',
  (uri) => {
    expect(shownFile(uri, [uriOf('/work'), 'file://server/work'])).toBe(uri);
  },
);

test.each([
  ['in lines', '{\n  "kind": "ConfigMap",\n  "apiVersion": "v1"\n}', true],
  ['in one line', '{"kind":"ConfigMap","apiVersion":"v1"}', true],
  ['of another tool', '{"name":"app","version":"1"}', false],
])('a JSON file is read only if it can be a manifest: %s', async (_what, text, isRead) => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-workspace-'));
  try {
    const path = join(folder, 'a b.json');
    writeFileSync(path, text);
    expect(await readManifestFile(uriOf(path))).toEqual(isRead ? { uri: uriOf(path), text } : undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an absent file, a folder and a file with too long a name are not read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-workspace-'));
  try {
    mkdirSync(join(folder, 'folder.yaml'));
    const names = ['absent.yaml', 'folder.yaml', `${'x'.repeat(300)}.yaml`];
    expect(await Promise.all(names.map((name) => readManifestFile(uriOf(join(folder, name)))))).toEqual(
      names.map(() => undefined),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('the search for files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-workspace-'));
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  });

  async function found(folders: readonly string[]): Promise<string[]> {
    const names: string[] = [];
    const uris = folders.map((name) => uriOf(join(folder, name)) + (name.endsWith('/') ? '/' : ''));
    for await (const { uri } of findManifests(uris, new AbortController().signal)) {
      names.push(relative(folder, fileURLToPath(uri)));
    }
    return names;
  }

  test.each([[['a', 'a/b']], [['a/b', 'a']], [['a', 'a']], [['a', 'a/']], [['a/', 'a/b/', 'a/b']]])(
    'finds each file of the folders %j once',
    async (folders) => {
      writeFileSync(join(folder, 'a', 'one.yaml'), 'apiVersion: v1');
      writeFileSync(join(folder, 'a', 'b', 'two.yaml'), 'apiVersion: v1');
      expect((await found(folders)).toSorted()).toEqual([join('a', 'b', 'two.yaml'), join('a', 'one.yaml')]);
    },
  );

  test.each([
    ['ASCII characters', 'x'],
    ['characters of three bytes', '€'],
  ])('ends after 16 MiB of %s', async (_text, character) => {
    const text = 'apiVersion: v1 #';
    const rest = character.repeat((1024 * 1024 - text.length) / Buffer.byteLength(character));
    for (let index = 0; index < 20; index += 1) {
      writeFileSync(join(folder, 'a', `${String(index).padStart(2, '0')}.yaml`), `${text}${rest}`);
    }
    expect(await found(['a'])).toHaveLength(16);
  });
});

test.skipIf(process.platform === 'win32')(
  'a pipe and a device are not read, because a read can wait forever',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-workspace-'));
    try {
      execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
      symlinkSync('/dev/zero', join(folder, 'zero.yaml'));
      const names = ['pipe.yaml', 'zero.yaml'];
      expect(await Promise.all(names.map((name) => readManifestFile(uriOf(join(folder, name)))))).toEqual([
        undefined,
        undefined,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
