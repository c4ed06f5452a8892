import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openBrowser } from './open-browser.ts';

const URL = 'http://127.0.0.1:8090/#token=the-token';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'typekro-open-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('the address is in a file that only this user may read, and not in the arguments of a program', async () => {
  const written = join(folder, 'arguments');
  const script = 'require("node:fs").writeFileSync(process.argv[1], process.argv.slice(2).join("\\n"))';
  const opened = await openBrowser(URL, [process.execPath, '-e', script, written]);
  expect(opened.isOpen).toBe(true);
  await expect.poll(() => existsSync(written) && readFileSync(written, 'utf8')).toMatch(/open\.html$/);
  const file = readFileSync(written, 'utf8');
  expect(file).not.toContain('the-token');
  expect(readFileSync(file, 'utf8')).toContain(`<meta http-equiv="refresh" content="0; url=${URL}">`);
  expect([file, dirname(file)].map((path) => statSync(path).mode & 0o077)).toEqual([0, 0]);
  opened.close();
  expect(existsSync(dirname(file))).toBe(false);
});

test('if the program does not exist, nothing is opened, and no file is left', async () => {
  vi.stubEnv('TMPDIR', folder);
  const opened = await openBrowser(URL, [join(folder, 'no-program')]);
  expect([opened.isOpen, readdirSync(folder)]).toEqual([false, []]);
  opened.close();
});
