import { expect, test } from 'vitest';
import { shownName } from '../file-paths.ts';

test.each([
  ['a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['./a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['/home/me/app/a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['../b.yaml', '/home/me/b.yaml', '../b.yaml'],
  ['./../b.yaml', '/home/me/b.yaml', '../b.yaml'],
  ['/home/me/b.yaml', '/home/me/b.yaml', '/home/me/b.yaml'],
  ['/home/me/app/..b.yaml', '/home/me/app/..b.yaml', '..b.yaml'],
  ['../other', '/home/me/other/c.yaml', '../other/c.yaml'],
  ['/home/me/other', '/home/me/other/c.yaml', '/home/me/other/c.yaml'],
  ['.', '/home/me/app', '.'],
])('for the argument %s, messages show the file %s as %s', (given, path, shown) => {
  expect(shownName(path, '/home/me/app', given)).toBe(shown);
});
