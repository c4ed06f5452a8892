import { expect, test } from 'vitest';
import type { Diagnostic } from '@typekro/kit/core';
import { withoutConsequences } from './without-consequences.ts';

const finding = (path: string, code = 'input/unknown-field', column = 5): Diagnostic => ({
  code,
  severity: 'error',
  message: `wrong: ${path}`,
  path,
  source: { file: 'app.ts', line: 3, column },
});

test.each<readonly [name: string, found: readonly Diagnostic[], kept: readonly string[]]>([
  ['two unknown fields', [finding('spec.foo'), finding('spec.bar')], ['spec.foo', 'spec.bar']],
  [
    'two fields, of which one name begins with the other',
    [finding('spec.a'), finding('spec.ab')],
    ['spec.a', 'spec.ab'],
  ],
  ['fields of two items', [finding('spec.a[0].x'), finding('spec.a[1].x')], ['spec.a[0].x', 'spec.a[1].x']],
  ['a field and a field inside it', [finding('spec.a'), finding('spec.a.b')], ['spec.a']],
  ['a field and an item of it', [finding('spec.a'), finding('spec.a[0]')], ['spec.a']],
  ['one field twice', [finding('spec.a'), finding('spec.a')], ['spec.a']],
  [
    'an unknown field after another broken part',
    [finding('spec.resources[0].id', 'graph/invalid-id'), finding('spec.resources[0].template.x')],
    ['spec.resources[0].id'],
  ],
  [
    'a field and a field inside it, at two places of the source',
    [finding('spec.a'), finding('spec.a.b', 'input/unknown-field', 9)],
    ['spec.a', 'spec.a.b'],
  ],
])('withoutConsequences keeps only the causes: %s', (_name, found, kept) => {
  expect(withoutConsequences(found).map(({ path }) => path)).toEqual(kept);
});

test.each([
  ['equal keys', 'yaml/duplicate-key', 'warning'],
  ['ids that are not allowed', 'graph/invalid-id', 'error'],
] as const)('of 10,000 findings, such as %s, not all are compared with each other', (_what, code, severity) => {
  const state = { reads: 0 };
  const found = Array.from({ length: 10_000 }, (_, index): Diagnostic => {
    const finding: Diagnostic = { code, severity, message: 'm', path: `spec.resources[${index}].id` };
    return Object.defineProperty(finding, 'code', { get: () => ((state.reads += 1), code) });
  });
  expect(withoutConsequences(found)).toEqual(found);
  expect(state.reads).toBeLessThan(20_000_000);
});
