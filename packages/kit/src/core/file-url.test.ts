import { expect, test } from 'vitest';
import { pathOfFileUrl } from './user-file.ts';

test.each([
  ['file:///app/a%20b.ts', '/app/a b.ts'],
  ['file:/app/a.ts', '/app/a.ts'],
  ['file://localhost/app/a.ts', '/app/a.ts'],
  ['file://server/a.ts', undefined],
  ['file:///a%2Fb.ts', undefined],
  ['file://[a.ts', undefined],
  ['https://example.com/a.ts', undefined],
  ['/app/a.ts', undefined],
])('the path of %s is %s', (url, path) => {
  expect(pathOfFileUrl(url)).toBe(path);
});
