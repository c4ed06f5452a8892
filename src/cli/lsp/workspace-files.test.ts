import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { readManifestFile, shownFile } from './workspace-files.ts';

const uriOf = (path: string): string => pathToFileURL(path).href;

test.each([
  ['/work/web/app.yaml', ['/work/web'], 'app.yaml'],
  ['/work/web/deep/app.yaml', ['/work/api', '/work/web/'], 'deep/app.yaml'],
  ['/work/web/..app.yaml', ['/work/web'], '..app.yaml'],
  // The name of the folder begins with the name of another folder.
  ['/work/web-2/app.yaml', ['/work/web'], '/work/web-2/app.yaml'],
  ['/work/app.yaml', ['/work/web'], '/work/app.yaml'],
  ['/work/app.yaml', [], '/work/app.yaml'],
])('%s in %j is shown as %s', (path, folders, shown) => {
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
])('a JSON file %s', async (_what, text, isRead) => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-workspace-'));
  try {
    const path = join(folder, 'a b.json');
    writeFileSync(path, text);
    expect(await readManifestFile(uriOf(path))).toEqual(isRead ? { uri: uriOf(path), text } : undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
