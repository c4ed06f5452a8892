import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, beforeAll, expect, onTestFinished, test } from 'vitest';
import { isEsModule, tsxModule } from './import-typescript.ts';
import { javaScriptProblem } from './javascript-problem.ts';
import { whileLoading } from './loading.ts';

describe('import typescript', () => {
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
});

describe('javascript problem', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-syntax-'));

  test.each([
    ['the type of a parameter', 'a.js', 'export const f = (x⟦: any) => x;', true],
    ['the type of a variable', 'a.js', 'let x⟦: string = "a";', true],
    ['a declared type', 'a.mjs', 'export ⟦interface A { b: string }', true],
    ['a cast', 'a.cjs', 'module.exports = x ⟦as any;', true],
    ['a missing expression', 'a.js', 'const x = ⟦;', false],
    ['a colon that is not a type', 'a.js', 'const x = ⟦: 1;', false],
    ['an error after a character of two UTF-16 units', 'a.js', "const x = '😀'; y = ⟦;", false],
  ])('reports %s', (_, name, marked, isTyped) => {
    const path = join(folder, name);
    writeFileSync(path, `// a file\n${marked.replace('⟦', '')}\n`);
    const source = { file: path, line: 2, column: Array.from(marked).indexOf('⟦') + 1 };
    expect(javaScriptProblem(path)).toMatchObject({ source, isTyped });
  });

  test('finds no problem in valid JavaScript, and none in TypeScript files', () => {
    const good = join(folder, 'good.js');
    writeFileSync(good, '#!/usr/bin/env node\nexport default 1;\n');
    expect(javaScriptProblem(good)).toBeUndefined();
    expect(javaScriptProblem(join(folder, 'missing.ts'))).toBeUndefined();
  });
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'while a module is being loaded, the operating system handles %s',
  async (signal) => {
    const handler = () => {};
    process.on(signal, handler);
    onTestFinished(() => void process.off(signal, handler));
    const before = process.listeners(signal);
    const note = () => {};
    expect(await whileLoading('app.ts', note, () => Promise.resolve(process.listenerCount(signal)))).toBe(0);
    expect(process.listeners(signal)).toEqual(before);
  },
);
