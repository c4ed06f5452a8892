import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isEsModule, tsxModule } from './import-typescript.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'typekro-tsx-'));
  mkdirSync(join(folder, 'with/node_modules/tsx'), { recursive: true });
  mkdirSync(join(folder, 'without'));
  writeFileSync(
    join(folder, 'with/node_modules/tsx/package.json'),
    JSON.stringify({
      name: 'tsx',
      exports: {
        './package.json': './package.json',
        './esm/api': { import: { default: './api.mjs' }, require: { default: './api.cjs' } },
      },
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('tsx is loaded as an ES module from the first importer that can resolve it', () => {
  const importers = [join(folder, 'without/app.ts'), join(folder, 'with/app.ts')];
  expect(tsxModule(importers)).toBe(pathToFileURL(join(folder, 'with/node_modules/tsx/api.mjs')).href);
});

test('without tsx, the error names the package to install, and the Node version that does not need it', () => {
  expect(() => tsxModule([join(folder, 'without/app.ts')])).toThrowError(
    expect.objectContaining({
      code: 'input/no-typescript-loader',
      remedy: expect.stringMatching(/npm install --save-dev tsx.*Node 22\.18/) as string,
    }),
  );
});

test.each([
  ['app.mts', '{}', true],
  ['app.cts', '{"type":"module"}', false],
  ['app.ts', '{"type":"module"}', true],
  ['app.ts', '{"type":"commonjs"}', false],
  ['app.ts', '{}', false],
  ['src/deep/app.tsx', '{"type":"module"}', true],
])('%s next to the package.json %s is an ES module: %s', (name, manifest, expected) => {
  const home = mkdtempSync(join(folder, 'type-'));
  writeFileSync(join(home, 'package.json'), manifest);
  expect(isEsModule(join(home, name))).toBe(expected);
});
