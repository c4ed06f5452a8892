import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exampleDiagnostics } from '@typekro/sdk/test-support/example-diagnostics';
import { diagnosticCodes } from '../../../packages/engine/src/graph/codes.ts';

describe('the example of each code yields a diagnostic with this code', () => {
  test.each(diagnosticCodes.map((info) => [info.code, info] as const))('%s', async (code, info) => {
    const diagnostics = await exampleDiagnostics(info);
    const found = diagnostics.find((diagnostic) => diagnostic.code === code);
    expect(found, diagnostics.map((each) => `${each.code}: ${each.message}`).join('\n')).toBeDefined();
    expect(found?.severity).toBe(info.severity);
    expect(found?.source?.file).toBe('example.yaml');
  });
});

const FOLDER = new URL('../../../packages/engine/src/graph/', import.meta.url);

test('no code is listed twice', () => {
  const codes = diagnosticCodes.map((info) => info.code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});

test('the list holds exactly the codes that the compiler uses', () => {
  const used = new Set<string>();
  for (const file of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts') || /^codes?-/.test(file)) continue;
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    for (const match of text.matchAll(/'((?:graph|yaml|cel)\/[a-z-]+)'/g)) used.add(match[1] ?? '');
  }
  const listed = diagnosticCodes.map((info) => info.code);
  expect(listed.filter((code) => !used.has(code))).toEqual([]);
  expect([...used].filter((code) => !listed.includes(code))).toEqual([]);
});
