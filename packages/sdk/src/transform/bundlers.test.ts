import { fileURLToPath } from 'node:url';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { build } from 'esbuild';
import { loadForBun, registerInBun } from './bun.ts';
import { canStripTypes } from './strip-types.ts';
import { typekroEsbuild } from './esbuild-plugin.ts';
import { typekroWebpackLoader } from './plugin.ts';
import load from './webpack-loader.ts';

/**
 * The path of a folder in the repository, from which the repository's esbuild is resolved. The folder need not exist.
 */
const APP = fileURLToPath(new URL('../../../../app', import.meta.url));
const FILE = `${APP}/composition.ts`;
const TEXT = `import { kubernetesComposition } from 'typekro';
enum Mode { A = 'a' }
const prefix: string = 'p';
export const composition = kubernetesComposition({ name: 'demo' } as never, (s: { name: string }) => ({ m: Mode.A, n: prefix + s.name }));
`;

describe('files for Bun', () => {
  test('a composition in TypeScript becomes JavaScript with attached sources and a map', () => {
    const { contents, loader } = loadForBun(FILE, TEXT);
    expect(loader).toBe('js');
    expect(contents).toContain('vars: { get prefix() { return prefix; } }');
    expect(contents).toContain('sourceMappingURL');
  });

  test.each([
    ['a file of a package', `${APP}/node_modules/x/index.js`, TEXT, 'js'],
    ['a file without functions', `${APP}/data.ts`, 'export const limit: number = 3;\n', 'ts'],
    // Bun reports the syntax error itself.
    ['a file with a syntax error', `${APP}/broken.ts`, 'const = 3', 'ts'],
  ])('%s does not change', (_, path, text, loader) => {
    expect(loadForBun(path, text)).toEqual({ contents: text, loader });
  });

  test('CommonJS is refused with a remedy', () => {
    expect(() => loadForBun('/app/old.js', "'use strict'\nexports.size = (n) => n\n")).toThrow(
      /is CommonJS.*typekro\/plugin/,
    );
  });

  test('the filter does not match packages, .cjs, .cts and JSON files', () => {
    const filters: RegExp[] = [];
    registerInBun({ plugin: (plugin) => plugin.setup({ onLoad: ({ filter }) => void filters.push(filter) }) });
    const paths = ['/a/b.js', '/a/b.mjs', '/a/b.ts', '/a/b.cjs', '/a/b.cts', '/a/node_modules/c/d.js', '/a/b.json'];
    expect(paths.filter((path) => filters[0]?.test(path))).toEqual(['/a/b.js', '/a/b.mjs', '/a/b.ts']);
  });
});

test.skipIf(!canStripTypes)(
  'an import that is used only as a type and has no type keyword is dropped, as without the plugin',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'typekro esbuild-'));
    try {
      await writeFile(join(directory, 'types.ts'), 'export interface Foo { readonly name: string }\n');
      await writeFile(
        join(directory, 'a.ts'),
        `import { kubernetesComposition } from 'typekro';
import { Foo } from './types.ts';
export const made = kubernetesComposition({ name: 'a' }, (spec: Foo) => ({ n: spec.name }));
`,
      );
      const { outputFiles } = await build({
        entryPoints: [join(directory, 'a.ts')],
        bundle: true,
        write: false,
        format: 'esm',
        external: ['typekro'],
        logLevel: 'silent',
        plugins: [typekroEsbuild()],
      });
      expect(outputFiles[0]?.text).toContain('typekro.source');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);

/** Calls the loader as webpack does. */
function run(
  file: string,
  code: string,
  map?: object,
  options = {},
): { readonly code: string; readonly map: object | undefined } {
  let result: { readonly code: string; readonly map: object | undefined } | undefined;
  load.call(
    {
      resourcePath: file,
      getOptions: () => options,
      callback: (_, written, writtenMap) => {
        result = { code: written, map: writtenMap };
      },
    },
    code,
    map,
  );
  if (result === undefined) throw new Error('the loader did not call back');
  return result;
}

describe('the webpack loader', () => {
  test('is the file that the plugin exports', async () => {
    expect(((await import(typekroWebpackLoader)) as { default: unknown }).default).toBe(load);
  });

  test('attaches sources and returns a map to the author’s text', () => {
    const { code, map } = run('/app/a.js', 'const f = () => 1;');
    expect(code).toContain('src: "() => 1", file: "/app/a.js", line: 1, col: 11');
    expect(map).toMatchObject({ version: 3, sources: ['/app/a.js'] });
  });

  test('has the author’s positions after a loader that removed the types', () => {
    // The mapping leads to the second line of the author's text, from its fifth column on.
    const earlier = { version: 3, sources: ['a.ts'], names: [], mappings: 'AACI,UAAU' };
    const { code, map } = run('/app/a.ts', 'const f = () => 1;', earlier);
    expect(code).toContain('file: "/app/a.ts", line: 2, col: 15');
    expect(map).toMatchObject({ sources: ['/app/a.ts'] });
  });

  test.skipIf(canStripTypes)('reports a remedy if it cannot remove types', () => {
    expect(() => run('/app/a.ts', 'const f = (a: string) => a;')).toThrow(/still has its types/);
  });

  test('transforms only included files', () => {
    const options = { include: (file: string) => file !== '/app/b.js' };
    expect(run('/app/b.js', 'const f = () => 1;', undefined, options).code).toBe('const f = () => 1;');
    expect(run('/app/a.js', 'const f = () => 1;', undefined, options).code).toContain('src: ');
  });

  test.each([
    ['/app/node_modules/x/a.js', 'const f = () => 1;'],
    ['/app/style.css', 'a {}'],
    ['/app/a.js', 'const a = 1;'],
  ])('does not change %s', (file, code) => {
    const map = {};
    expect(run(file, code, map)).toEqual({ code, map });
  });
});
