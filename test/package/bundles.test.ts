import { build } from 'esbuild';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { BUNDLE_PROGRAM, withAuthorsNames } from '../support/bundle-program.ts';
import { runCommand } from '../support/command.ts';
import { makePackedProject } from '../support/packed-package.ts';

// `npm run long -- hosts` tests the other bundlers.
describe('the packed package, bundled into one file', () => {
  const parent = mkdtempSync(join(tmpdir(), 'typekro-bundles-'));
  /** The folder in which bundles run. Node cannot resolve a package from this folder. */
  const place = join(parent, 'place');
  let project: string;
  let expected: string;
  const packaged = (path: string) => join(project, 'node_modules/typekro', path);
  const run = (...args: string[]) => runCommand(process.execPath, args, { cwd: place });

  beforeAll(() => {
    project = makePackedProject(parent);
    mkdirSync(place);
    for (const [name, text] of Object.entries(BUNDLE_PROGRAM)) writeFileSync(join(project, name), text);
    const { code, stdout, stderr } = runCommand(process.execPath, ['shop.js'], { cwd: project });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expected = stdout;
    expect(expected).toContain('ready true small ACTIVE\ndemo-cache,demo-eu,demo-us\nInvalid spec');
  }, 120_000);

  const bundle = (entry: string, file: string, options: object) =>
    build({
      absWorkingDir: project,
      entryPoints: [entry],
      outfile: join(place, file),
      bundle: true,
      platform: 'node',
      format: file.endsWith('.cjs') ? 'cjs' : 'esm',
      ...options,
    });

  test.each([
    ['ES module', 'raw.mjs', false],
    ['minified ES module', 'min.mjs', true],
    ['CommonJS', 'raw.cjs', false],
    ['minified CommonJS', 'min.cjs', true],
  ])('as %s, a composition is read, printed and deployed to an embedded cluster', async (_, file, minify) => {
    const { warnings } = await bundle('shop.js', file, { minify });
    expect(warnings).toEqual([]);
    const { code, stdout, stderr } = run(file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(withAuthorsNames(stdout)).toBe(expected);
  });

  test('the whole command runs', async () => {
    await bundle('node_modules/typekro/dist/cli/main.js', 'command.cjs', { minify: true });
    writeFileSync(
      join(place, 'map.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: made, namespace: default }\n',
    );
    expect(run('command.cjs', 'up', '--once', 'map.yaml')).toMatchObject({ code: 0 });
    expect(run('command.cjs', 'up', '--once')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('this bundle of the command has no examples') as string,
    });
  });

  test('bundled and late-loaded modules have the same exports and strings', async () => {
    type Parts = Readonly<Record<string, () => unknown>>;
    const load = (name: string) => import(pathToFileURL(packaged(`dist/core/${name}.js`)).href) as Promise<Parts>;
    const [late, bundled] = await Promise.all([load('late-parts'), load('bundled-parts')]);
    expect(Object.keys(bundled).toSorted()).toEqual(Object.keys(late).toSorted());
    const plain = (text: unknown) => (/^[[{]/.test(String(text)) ? (JSON.parse(String(text)) as unknown) : text);
    // The playground's files are large. Therefore no bundle contains them.
    expect(bundled['playgroundFiles']?.()).toBeUndefined();
    const texts = Object.keys(late).filter((key) => key.endsWith('Text'));
    for (const name of texts) expect(plain(bundled[name]?.()), name).toEqual(plain(late[name]?.()));
  });

  test("the plugin names the webpack loader's file", async () => {
    const plugin = (await import(pathToFileURL(packaged('dist/transform/plugin.js')).href)) as Record<string, unknown>;
    const path = String(plugin['typekroWebpackLoader']);
    expect(existsSync(path), path).toBe(true);
    const manifest = JSON.parse(readFileSync(packaged('package.json'), 'utf8')) as {
      exports: Record<string, { default: string }>;
    };
    expect(packaged(manifest.exports['./webpack-loader']?.default ?? '')).toBe(path);
  });
});
