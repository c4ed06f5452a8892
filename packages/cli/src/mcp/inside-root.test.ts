import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { insideRoot } from './inside-root.ts';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'typekro-root-')));
const root = join(home, 'root');
mkdirSync(join(root, 'sub'), { recursive: true });
writeFileSync(join(root, 'sub', 'app.yaml'), '');
symlinkSync(join(home, 'absent'), join(root, 'dangling'));
symlinkSync('absent', join(root, 'dangling-inside'));
symlinkSync(home, join(root, 'up'));
symlinkSync('sub', join(root, 'down'));
symlinkSync('circle', join(root, 'circle'));
symlinkSync(join(home, 'outer-circle'), join(home, 'outer-circle'));
const LONG = 'n'.repeat(300);
afterAll(() => rmSync(home, { recursive: true, force: true }));

test.each([
  ['.', '.'],
  ['sub/app.yaml', 'sub/app.yaml'],
  ['down/app.yaml', 'sub/app.yaml'],
  ['absent/file.yaml', 'absent/file.yaml'],
  ['dangling-inside', 'absent'],
  ['..hidden', '..hidden'],
  [LONG, LONG],
  [`down/${LONG}/file`, `sub/${LONG}/file`],
  ['circle/file', 'circle/file'],
])('the path %s inside the root becomes %s', (name, expected) => {
  expect(insideRoot(root, name)).toBe(expected);
});

test.each([
  '..',
  '../outer-circle/file',
  `up/${LONG}`,
  '../other',
  '/etc/passwd',
  'up',
  'up/file',
  'dangling',
  'dangling/file',
  'sub/../../x',
])('%s is outside of the root', (name) => {
  expect(() => insideRoot(root, name)).toThrow(`${name} is outside of ${root}`);
});

test.skipIf(process.platform === 'win32')(
  'a pipe inside the root is refused, because its reader could wait for ever',
  () => {
    execFileSync('mkfifo', [join(root, 'sub', 'pipe')]);
    expect(() => insideRoot(root, 'down/pipe')).toThrow(expect.objectContaining({ code: 'input/unreadable' }));
  },
);
