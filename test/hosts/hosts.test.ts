import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUNDLE_PROGRAM, withAuthorsNames } from '../support/bundle-program.ts';
import { runCommand } from '../support/command.ts';
import { HOST_PROGRAM, TYPED_PROGRAM } from '../support/host-program.ts';
import { makePackedProject } from '../support/packed-package.ts';
import { type Bundler, bundleWith } from './bundlers.ts';
import { type Runtime, BUN, DENO, HOSTS, NODES, tool } from './matrix.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const REGISTER = join(root, 'dist/transform/register.js');
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

let directory: string;
let expected: string;

beforeAll(() => {
  // A folder next to the installed hosts, from which programs can resolve them.
  directory = mkdtempSync(join(HOSTS, '.run-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/typekro'), 'dir');
  const files = { ...HOST_PROGRAM, ...TYPED_PROGRAM };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  expected = output(process.execPath, ['main.js']);
  expect(expected).toContain('size: \'${schema.spec.replicas > 3 ? "large" : "small"}\'');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/**
 * Runs a program and returns its output. Fails if the program fails, or if it prints any other line on standard error
 * than Node's warnings, which begin with `(`.
 */
function output(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const ended = runCommand(command, args, { cwd: directory, env: { ...process.env, ...env } });
  const complaint = ended.stderr.replaceAll(/^\(.*\n/gm, '');
  expect(complaint).toBe('');
  expect(ended.code).toBe(0);
  return ended.stdout;
}

/** The flags that prevent a program in this Node version from using the inspector. */
function withoutInspector({ command }: Runtime): string[] {
  const major = Number(output(command, ['-p', 'process.versions.node.split(".")[0]']));
  const flag = major >= 22 ? '--permission' : '--experimental-permission';
  return [flag, '--allow-fs-read=*', ...(major >= 22 ? [] : ['--allow-worker'])];
}

describe.each(NODES)('$name', (node) => {
  const rows: [string, () => string[]][] = [
    ['ES modules', () => ['main.js']],
    ['CommonJS', () => ['main.cjs']],
    ['tsx', () => ['--import', TSX, 'main-typed.ts']],
    ['frozen intrinsics', () => ['--frozen-intrinsics', 'main.js']],
    ['no code from strings', () => ['--disallow-code-generation-from-strings', 'main.js']],
    ['typekro/register, ES modules', () => [...withoutInspector(node), '--import', REGISTER, 'main.js']],
    ['typekro/register, CommonJS', () => [...withoutInspector(node), '--import', REGISTER, 'main.cjs']],
  ];
  test.skipIf(!node.exists).each(rows)('the program prints the expected graph with %s', (_, args) => {
    expect(output(node.command, args())).toBe(expected);
  });

  const strips = node.exists && outputAtRoot(node.command, '-p', 'process.features.typescript ?? false') !== 'false';
  test.skipIf(!strips)('Node with its own type stripping', () => {
    expect(output(node.command, ['main-typed.ts'])).toBe(expected);
    expect(output(node.command, [...withoutInspector(node), '--import', REGISTER, 'main-typed.ts'])).toBe(expected);
  });
});

/** Runs a command in the root of the repository and returns its output. The directory of the tests need not exist. */
function outputAtRoot(command: string, ...args: string[]): string {
  return runCommand(command, args, { cwd: root }).stdout.trim();
}

describe('other runtimes', () => {
  // Deno does not run the CommonJS program: with a load hook, Deno cannot require an ES module that imports another
  // module.
  test.skipIf(!DENO.exists).each(['main.js', 'main-typed.ts'])('deno: %s', (main) => {
    expect(output(DENO.command, ['run', '-A', '--quiet', `--preload=${REGISTER}`, main])).toBe(expected);
  });

  test.skipIf(!BUN.exists).each(['main.js', 'main-typed.ts'])('bun: %s', (main) => {
    expect(output(BUN.command, ['--preload', 'typekro/register', main])).toBe(expected);
  });

  test.skipIf(!BUN.exists)('bun: the stack of an error names the position in the TypeScript source', () => {
    const ended = runCommand(BUN.command, ['--preload', 'typekro/register', 'broken.ts'], { cwd: directory });
    expect(ended.stderr).toMatch(/broken\.ts:6:7\d/);
  });
});

describe('minified bundles', () => {
  const bundlers: Bundler[] = ['esbuild', 'rollup', 'webpack', 'vite'];
  describe.each(bundlers)('%s', (name) => {
    const isMissing = (name === 'rollup' || name === 'webpack') && tool(name) === undefined;
    test.skipIf(isMissing)('a bundle without the plugin makes the expected graph with the inspector', async () => {
      await bundleWith(name, { directory, entry: 'main.js', out: `${name}.mjs`, transform: false });
      for (const { command } of NODES.filter((node) => node.exists)) {
        expect(withAuthorsNames(output(command, [`${name}.mjs`]))).toBe(expected);
      }
    });

    test.skipIf(isMissing)('a bundle with the plugin makes the expected graph without an inspector', async () => {
      await bundleWith(name, { directory, entry: 'main.js', out: `${name}-plugin.mjs`, transform: true });
      for (const node of NODES.filter(({ exists }) => exists)) {
        expect(output(node.command, [...withoutInspector(node), `${name}-plugin.mjs`])).toBe(expected);
      }
      if (BUN.exists) expect(output(BUN.command, [`${name}-plugin.mjs`])).toBe(expected);
      if (DENO.exists) expect(output(DENO.command, ['run', '-A', '--quiet', `${name}-plugin.mjs`])).toBe(expected);
    });
  });
});

describe('the packed package inside the bundle', () => {
  let project: string;
  /** A folder from which Node cannot resolve a package. */
  let place: string;
  let printed: string;

  beforeAll(() => {
    project = makePackedProject(HOSTS);
    place = mkdtempSync(join(tmpdir(), 'typekro-bundles-'));
    for (const [name, text] of Object.entries(BUNDLE_PROGRAM)) writeFileSync(join(project, name), text);
    const { stdout, stderr } = runCommand(process.execPath, ['shop.js'], { cwd: project });
    expect(stderr).toBe('');
    printed = stdout;
    expect(printed).toContain('ready true small ACTIVE');
  });
  afterAll(() => {
    for (const folder of [project, place]) rmSync(folder, { recursive: true, force: true });
  });

  const rows = (['es', 'cjs'] as const).flatMap((format) =>
    [false, true].flatMap((minify) => [false, true].map((transform) => ({ format, minify, transform }))),
  );
  describe.each<Bundler>(['esbuild', 'rollup', 'webpack', 'vite'])('%s', (name) => {
    const isMissing = (name === 'rollup' || name === 'webpack') && tool(name) === undefined;
    test.skipIf(isMissing).each(rows)('$format, minified: $minify, plugin: $transform', async (row) => {
      const out = `whole.${row.format === 'es' ? 'mjs' : 'cjs'}`;
      await bundleWith(name, { directory: project, entry: 'shop.js', out, whole: true, ...row });
      copyFileSync(join(project, out), join(place, out));
      for (const node of NODES.filter(({ exists }) => exists)) {
        // Without an inspector, a bundle with the plugin needs only the permission to read itself.
        const [permission = ''] = withoutInspector(node);
        const flags = row.transform ? [permission, `--allow-fs-read=${join(place, out)}`] : [];
        const ended = runCommand(node.command, [...flags, join(place, out)], { cwd: place });
        const complaint = ended.stderr.replaceAll(/^\(.*\n/gm, '');
        expect({ code: ended.code, complaint }, node.name).toEqual({ code: 0, complaint: '' });
        expect(withAuthorsNames(ended.stdout), node.name).toBe(printed);
      }
    });
  });
});

describe('test runners', () => {
  const body = (main: string) =>
    `test('composes', async () => { const { composition } = ${main}; require('node:fs').writeFileSync(process.env.OUT, composition.toYaml() + '\\n') })\n`;

  // In Node 24.9 and later, a CommonJS module in Jest can require ES modules if Node's flag for VM modules is set.
  const node24 = NODES[2];
  test.skipIf(tool('jest') === undefined || !node24?.exists)('jest', () => {
    writeFileSync(join(directory, 'jest.test.cjs'), body("require('./composition.cjs')"));
    const config = JSON.stringify({ testMatch: ['**/jest.test.cjs'], rootDir: directory });
    const jest = join(HOSTS, 'node_modules/jest/bin/jest.js');
    ranInto('jest.out', ['--experimental-vm-modules', jest, '--config', config], node24?.command);
  });

  test.skipIf(tool('jest') === undefined)('jest with ES modules', () => {
    const text = "import { writeFileSync } from 'node:fs'\nimport { composition } from './composition.js'\n";
    writeFileSync(
      join(directory, 'jest-esm.test.js'),
      `${text}test('composes', () => writeFileSync(process.env.OUT, composition.toYaml() + '\\n'))`,
    );
    const config = JSON.stringify({ testMatch: ['**/jest-esm.test.js'], rootDir: directory, transform: {} });
    const jest = join(HOSTS, 'node_modules/jest/bin/jest.js');
    ranInto('jest-esm.out', ['--experimental-vm-modules', jest, '--config', config]);
  });

  test.each(['threads', 'forks', 'vmThreads', 'vmForks'])('vitest: %s', (pool) => {
    const text = "import { test } from 'vitest'\nimport { writeFileSync } from 'node:fs'\n";
    writeFileSync(
      join(directory, 'vitest.spec.ts'),
      `${text}import { composition } from './composition-typed.ts'\ntest('composes', () => writeFileSync(process.env.OUT as string, composition.toYaml() + '\\n'))`,
    );
    writeFileSync(join(directory, 'vitest.config.mjs'), 'export default {}');
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    ranInto(`${pool}.out`, [vitest, 'run', '--root', directory, '--pool', pool, 'vitest.spec.ts']);
  });

  function ranInto(file: string, args: readonly string[], node: string = process.execPath): void {
    const out = join(directory, file);
    const env = { ...process.env, OUT: out, VITEST: undefined };
    const ended = runCommand(node, args, { cwd: directory, env });
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(expected);
  }
});
