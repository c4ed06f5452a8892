import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { typekro, typekroEsbuild } from '../../src/transform/index.ts';
import { runCommand } from '../support/command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const resolve = createRequire(import.meta.url).resolve;
/** Where a package is that another package brings along. */
const resolveFrom = (owner: string, name: string) => createRequire(resolve(owner)).resolve(name);
const REGISTER = join(root, 'dist/transform/register.js');

/** Flags of the permission model, under which there is no inspector. */
const hasHooks = typeof Reflect.get(nodeModule, 'registerHooks') === 'function';
const PERMISSION = [
  hasHooks ? '--permission' : '--experimental-permission',
  '--allow-fs-read=*',
  // Without synchronous hooks the loader runs in a thread of its own.
  ...(hasHooks ? [] : ['--allow-worker']),
];

const HELPER = `
const limit = 3
export function size(n) { return n > limit ? 'large' : 'small' }
export default function (name) { return prefix + name }
const prefix = 'p-'
`;

/** Shadowed names, helpers of another module, a local helper, a loop, a class field, no semicolons. */
const COMPOSITION = `'use strict'
import { createResource, kubernetesComposition } from 'typekro'
import named, { size } from './helper.js'
import { zones } from './zones.js'
const property = { string: { type: 'string' }, boolean: { type: 'boolean' }, integer: { type: 'integer' } }
const spec = {
  type: 'object',
  properties: { name: property.string, on: property.boolean, replicas: property.integer, regions: { type: 'array', items: property.string } },
  required: ['name', 'on', 'replicas', 'regions'],
}
class Platform {
  make = kubernetesComposition({ name: 'demo', spec }, (s) => {
    const local = (id, name, data) => createResource({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }, { id })
    if (s.on) { const zones = 'inner'; local('first', named(s.name), { size: size(s.replicas), zones }) }
    for (const region of s.regions) local('regional', s.name + '-' + region, { zones: zones.join() })
    return {}
  })
}
export const composition = new Platform().make
`;

const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }',
  'helper.js': HELPER,
  'zones.js': "export const zones = ['a', 'b']",
  'composition.js': COMPOSITION,
  // The helper is loaded before anything says that a composition uses it.
  'main.js':
    "import { size } from './helper.js'\nimport { composition } from './composition.js'\nif (size(9) !== 'large') throw new Error('changed')\nconsole.log(composition.toYaml())",
  'helper.cjs': HELPER.replaceAll('export default function (', 'exports.named = function (').replace(
    'export function size',
    'exports.size = size\nfunction size',
  ),
  'composition.cjs': COMPOSITION.replace(/import \{ (.*) \} from 'typekro'/, "const { $1 } = require('typekro')")
    .replace("import named, { size } from './helper.js'", "const { named, size } = require('./helper.cjs')")
    .replace("import { zones } from './zones.js'", "const zones = ['a', 'b']")
    .replace('export const composition', 'exports.composition'),
  'main.cjs': "console.log(require('./composition.cjs').composition.toYaml())",
  'broken.ts': `import { createResource, kubernetesComposition } from 'typekro';
interface Spec { readonly name: string }
type Wider = Spec & { readonly nmae: string };
const spec = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } as const;
export const composition = kubernetesComposition({ name: 'demo', spec } as never, (s: Spec) => {
  createResource({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: (s as Wider).nmae } } as never, { id: 'c' });
});
`,
};

let directory: string;
let expected: string;

const run = (...args: string[]) => runCommand(process.execPath, args, { cwd: directory });

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekro-transform-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/typekro'), 'dir');
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
  const plain = run('main.js');
  expect(plain.stderr).toBe('');
  expected = plain.stdout;
  expect(expected).toContain('size: \'${schema.spec.replicas > 3 ? "large" : "small"}\'');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('typekro/register', () => {
  test('without it the permission model lets no variables be read', () => {
    const { code, stderr } = run(...PERMISSION, 'main.js');
    expect(code).toBe(1);
    expect(stderr).toContain('--import typekro/register');
  });

  test.each(['main.js', 'main.cjs'])('gives what an untransformed program gives: %s', (main) => {
    for (const flags of [[], PERMISSION]) {
      const { code, stdout, stderr } = run(...flags, '--import', REGISTER, main);
      expect(stderr.replaceAll(/^\(.*\n/gm, '')).toBe('');
      expect(code).toBe(0);
      expect(stdout).toBe(expected);
    }
  });

  test('tells the place in TypeScript, with tsx or Node in front', () => {
    const tsx = resolve('tsx');
    const before = hasHooks ? [] : ['--import', `file://${tsx}`];
    const { code, stderr } = run(...before, '--import', REGISTER, 'broken.ts');
    expect(code).toBe(1);
    expect(stderr).toContain('schema.spec has no field "nmae"');
    expect(stderr).toMatch(/broken\.ts:6:7\d/);
  });

  test.skipIf(hasHooks)('says what to do where nobody takes types out', () => {
    const { code, stderr } = run('--import', REGISTER, 'broken.ts');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /broken\.ts is TypeScript, and Node [\d.]+ cannot take its types out; run with --import tsx/,
    );
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
  const esbuild = createRequire(resolve('tsx'))('esbuild') as {
    build(options: object): Promise<{ warnings: unknown[] }>;
  };

  test('a minified esbuild bundle composes under the permission model', async () => {
    const build = (entry: string, out: string) =>
      esbuild.build({
        absWorkingDir: directory,
        entryPoints: [entry],
        outfile: out,
        bundle: true,
        minify: true,
        platform: 'node',
        format: 'esm',
        external: ['typekro'],
        plugins: [typekroEsbuild()],
      });
    expect((await build('main.js', 'esbuild.mjs')).warnings).toEqual([]);
    const { stdout, code } = run(...PERMISSION, 'esbuild.mjs');
    expect(code).toBe(0);
    expect(stdout).toBe(expected);
    await build('broken.ts', 'broken.mjs');
    expect(run(...PERMISSION, 'broken.mjs').stderr).toMatch(/broken\.ts:6:7\d/);
  });

  test('a minified Vite bundle does, too', async () => {
    const vite = (await import(pathToFileURL(resolveFrom('vitest/package.json', 'vite')).href)) as {
      build(options: object): Promise<unknown>;
    };
    const build = (entry: string, out: string) =>
      vite.build({
        root: directory,
        configFile: false,
        logLevel: 'warn',
        plugins: [typekro()],
        ssr: { external: ['typekro'] },
        build: { ssr: entry, outDir: out, minify: true, rolldownOptions: { output: { entryFileNames: 'main.mjs' } } },
      });
    await build('main.js', 'vite');
    const { stdout, stderr, code } = run(...PERMISSION, 'vite/main.mjs');
    expect(stderr.replaceAll(/^\(.*\n/gm, '')).toBe('');
    expect(code).toBe(0);
    expect(stdout).toBe(expected);
    await build('broken.ts', 'vite-broken');
    expect(run(...PERMISSION, 'vite-broken/main.mjs').stderr).toMatch(/broken\.ts:6:7\d/);
  });
});
