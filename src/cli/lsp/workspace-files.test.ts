import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { shownFile } from './workspace-files.ts';

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

test('a document that is not a file is shown by its URI', () => {
  expect(shownFile('untitled:One', [uriOf('/work')])).toBe('untitled:One');
});
