import { transformSync } from 'esbuild';
import { expect, test } from 'vitest';
import { eraseTypes } from './erase-types.ts';

const compact = (text: string, loader: 'ts' | 'js'): string =>
  transformSync(text, {
    loader,
    minifyWhitespace: true,
    target: 'esnext',
    tsconfigRaw: '{"compilerOptions":{"verbatimModuleSyntax":true}}',
  }).code;

test.each([
  ["import type { A } from 'x';\nconst a = 1;"],
  ["import { type B, C } from 'y';"],
  ["import { C, type B } from 'y'; C();"],
  ['interface X { a: string }\nconst x = 1;'],
  ['type Y = { a: string } | undefined;\nconst y = 2;'],
  ['declare const z: number;\nexport const u = 1;'],
  [
    'const f = <T extends X>(a?: string, b: number = 1, ...c: T[]): a is string => (a as string)!.length satisfies number;',
  ],
  ["const g = f<string>('a'); let h: Y;"],
  ['function k(a: number): void;\nfunction k(a?: any) { return a!; }'],
  ['const m = <Y>h;\nlet q!: string;'],
  ['const o = (a: number): {\n  b: number;\n} => ({ b: a });'],
  ['const p = ((a as any) as string[]).map((x: string): string => x!);'],
  ['const r = { a: 1 } as const;\nexport default r satisfies object;'],
  ['for (const x of list as string[]) { use(x!); }'],
  ['const s = `a ${b as string} c`;\nconst t = x! + y!;'],
  ['const a = b as number\n  + 1;\nconst c = d as number\n  - 2;\nconst e = f as number\n  / 3;'],
  ['type X = 1;\nconst a = 1;\nexport type { X };\nexport { a };'],
])('without its types, %j is the same code', (text) => {
  const erased = eraseTypes(text, 'a.ts');
  expect(erased).toHaveProperty('text');
  if (!('text' in erased)) return;
  expect(erased.text).toHaveLength(text.length);
  expect(compact(erased.text, 'js')).toBe(compact(text, 'ts'));
});

test('a line that ends with a type assertion stays a separate statement', () => {
  const erased = eraseTypes('const a = b as C\n[1].map(f)', 'a.ts');
  expect(erased).toEqual({ text: 'const a = b    ;\n[1].map(f)' });
});

test.each([
  ['enum E { A }', 1, 1, 'enum'],
  ['const a = 1;\nnamespace N { export const b = 1 }', 2, 1, 'namespace'],
])('%j is refused', (text, line, column, word) => {
  const erased = eraseTypes(text, 'a.ts');
  expect(erased).toMatchObject({ diagnostics: [{ source: { file: 'a.ts', line, column } }] });
  expect(JSON.stringify(erased)).toContain(word);
});

test('a syntax error is reported at its position', () => {
  expect(eraseTypes('const a = 1;\n/* 😀 */ const = 2;', 'a.ts')).toMatchObject({
    diagnostics: [{ code: 'playground/syntax', source: { line: 2, column: 15 } }],
  });
});
