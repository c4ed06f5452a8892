import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exampleDiagnostics } from '../../../test-support/example-diagnostics.ts';
import { traceCodes } from './trace-codes.ts';

describe('the example of each code yields a diagnostic with this code', () => {
  test.each(traceCodes.map((info) => [info.code, info] as const))('%s', async (code, info) => {
    const diagnostics = await exampleDiagnostics(info);
    const found = diagnostics.find((diagnostic) => diagnostic.code === code);
    expect(found, diagnostics.map((each) => `${each.code}: ${each.message}`).join('\n')).toBeDefined();
    expect(found?.severity).toBe(info.severity);
  });
});

test('traceCodes has exactly the codes that the sources use, except for trace/provider', () => {
  const root = new URL('../../', import.meta.url);
  const texts = ['compose', 'factories/simple'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('codes.ts'))
      .map((file) => readFileSync(new URL(`${folder}/${file}`, root), 'utf8')),
  );
  const used = new Set<string>();
  const union = texts.map((text) => /export type RefusalCode =([^;]*);/.exec(text)?.[1]).find((found) => found) ?? '';
  for (const [, code] of union.matchAll(/'([a-z-]+)'/g)) used.add(`trace/${code}`);
  for (const text of texts) {
    for (const [, code] of text.matchAll(/\.warn\(\s*'([a-z-]+)'/g)) used.add(`trace/${code}`);
    for (const [, code] of text.matchAll(/\{ code: '([a-z-]+)', message:/g)) used.add(`trace/${code}`);
  }
  // `traceCodes` leaves out `trace/provider`: only a host that cannot read functions reports it, so the test above
  // could not run an example.
  used.delete('trace/provider');
  expect(traceCodes.map(({ code }) => code).toSorted()).toEqual([...used].toSorted());
});
