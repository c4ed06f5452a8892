import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bundler, bundleWith } from '../hosts/bundlers.ts';
import { runCommand } from '../support/command.ts';
import { HOST_PROGRAM } from '../support/host-program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const resolve = createRequire(import.meta.url).resolve;
const REGISTER = join(root, 'dist/transform/register.js');

/** Does Node have synchronous load hooks? */
const hasHooks = typeof Reflect.get(nodeModule, 'registerHooks') === 'function';
/** The flags of Node's permission model. With these flags, a program cannot use the inspector. */
const PERMISSION = [
  hasHooks ? '--permission' : '--experimental-permission',
  '--allow-fs-read=*',
  // Without synchronous hooks, the loader runs in its own thread.
  ...(hasHooks ? [] : ['--allow-worker']),
];

let directory: string;
let expected: string;

const run = (...args: string[]) => runCommand(process.execPath, args, { cwd: directory });

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekro-transform-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/typekro'), 'dir');
  for (const [name, text] of Object.entries(HOST_PROGRAM)) writeFileSync(join(directory, name), text);
  const plain = run('main.js');
  expect(plain.stderr).toBe('');
  expected = plain.stdout;
  expect(expected).toContain('size: \'${schema.spec.replicas > 3 ? "large" : "small"}\'');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('typekro/register', () => {
  test('without typekro/register, the permission model does not allow reads of outer variables', () => {
    const { code, stderr } = run(...PERMISSION, 'main.js');
    expect(code).toBe(1);
    expect(stderr).toContain('--import typekro/register');
  });

  test.each(['main.js', 'main.cjs'])(
    'a transformed program has the same result as an untransformed program: %s',
    (main) => {
      for (const flags of [[], PERMISSION]) {
        const { code, stdout, stderr } = run(...flags, '--import', REGISTER, main);
        expect(stderr.replaceAll(/^\(.*\n/gm, '')).toBe('');
        expect(code).toBe(0);
        expect(stdout).toBe(expected);
      }
    },
  );

  test('reports the place in TypeScript, with tsx or with Node', () => {
    const tsx = resolve('tsx');
    const before = hasHooks ? [] : ['--import', `file://${tsx}`];
    const { code, stderr } = run(...before, '--import', REGISTER, 'broken.ts');
    expect(code).toBe(1);
    expect(stderr).toContain('s has no field "nmae"');
    expect(stderr).toMatch(/broken\.ts:6:7\d/);
  });

  test.skipIf(hasHooks)('names the remedy if no loader strips types', () => {
    const { code, stderr } = run('--import', REGISTER, 'broken.ts');
    expect(code).toBe(1);
    expect(stderr).toMatch(/broken\.ts is TypeScript, and Node [\d.]+ cannot remove its types; run with --import tsx/);
  });

  test('stack traces keep their columns with source maps', () => {
    const text =
      "const take = (f) => f; take((s) => s); const g = () => new Error('here').stack.split('\\n')[1].trim(); console.log(g())";
    writeFileSync(join(directory, 'stack.js'), text);
    const plain = run('stack.js').stdout.replace('file://', '');
    expect(run('--enable-source-maps', '--import', REGISTER, 'stack.js').stdout.replace('file://', '')).toBe(plain);
  });
});

describe('typekro/plugin', () => {
  const build = (bundler: Bundler, entry: string, out: string) =>
    bundleWith(bundler, { directory, entry, out, transform: true });

  test('a minified esbuild bundle composes under the permission model', async () => {
    expect(await build('esbuild', 'main.js', 'esbuild.mjs')).toMatchObject({ warnings: [] });
    const { stdout, code } = run(...PERMISSION, 'esbuild.mjs');
    expect(code).toBe(0);
    expect(stdout).toBe(expected);
    await build('esbuild', 'broken.ts', 'broken.mjs');
    expect(run(...PERMISSION, 'broken.mjs').stderr).toMatch(/broken\.ts:6:7\d/);
  });

  test('a minified Vite bundle composes under the permission model', async () => {
    await build('vite', 'main.js', 'vite.mjs');
    const { stdout, stderr, code } = run(...PERMISSION, 'vite.mjs');
    expect(stderr.replaceAll(/^\(.*\n/gm, '')).toBe('');
    expect(code).toBe(0);
    expect(stdout).toBe(expected);
    await build('vite', 'broken.ts', 'vite-broken.mjs');
    expect(run(...PERMISSION, 'vite-broken.mjs').stderr).toMatch(/broken\.ts:6:7\d/);
  });
});
