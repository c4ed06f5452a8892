import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { javaScriptProblem } from './javascript-problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'typekro-syntax-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
