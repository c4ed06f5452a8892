import { expect, test } from 'vitest';
import { importedPaths } from './record-imports.ts';

test('importedPaths leaves out URLs without the path of a local file', () => {
  const urls = ['file:///work/app.ts?v=1', 'file://host/x', 'file:///work/a%2Fb.js', 'file:///work/a%20b.ts#c'];
  expect(importedPaths(urls)).toEqual(['/work/app.ts', '/work/a b.ts']);
});
