import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadForBun, registerInBun } from './bun.ts';

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
