import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exampleDiagnostics } from '@typekro/sdk/test-support/example-diagnostics';
import { schemaCodes } from '../../../packages/engine/src/schema/codes.ts';

const FOLDERS = ['engine/src/schema', 'sdk/src/notations'].map(
  (folder) => new URL(`../../../packages/${folder}/`, import.meta.url),
);

describe('the example of each code produces the code', () => {
  test.each(schemaCodes.map((info) => [info.code, info] as const))('%s', async (code, info) => {
    const diagnostics = await exampleDiagnostics(info);
    const found = diagnostics.find((diagnostic) => diagnostic.code === code);
    expect(found, diagnostics.map((each) => `${each.code}: ${each.message}`).join('\n')).toBeDefined();
    expect(found?.severity).toBe(info.severity);
  });
});

test('no code is listed twice', () => {
  const codes = schemaCodes.map((info) => info.code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});

test('the list contains exactly the codes that the folders use', () => {
  const used = new Set<string>();
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => [file, folder] as const),
  );
  for (const [file, folder] of files) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts') || /^codes?[-.]/.test(file)) continue;
    const text = readFileSync(new URL(file, folder), 'utf8');
    for (const [, code] of text.matchAll(/'((?:simpleschema|schema)\/[a-z-]+)'/g)) used.add(code ?? '');
    for (const [, name] of text.matchAll(/\bwrong\(\s*'([a-z-]+)'/g)) used.add(`simpleschema/${name}`);
    for (const [, name] of text.matchAll(/(?:\bEmitProblem\(|#(?:error|warn)\([^,()]*,)\s*'([a-z-]+)'/g)) {
      used.add(`schema/${name}`);
    }
  }
  // The code of a thrown error, not of a diagnostic.
  used.delete('schema/unknown-kubernetes-version');
  const listed = schemaCodes.map((info) => info.code);
  expect(listed.filter((code) => !used.has(code))).toEqual([]);
  expect([...used].filter((code) => !listed.includes(code))).toEqual([]);
});
