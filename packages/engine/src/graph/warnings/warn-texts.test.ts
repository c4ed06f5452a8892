import { expect, test } from 'vitest';
import type { KroCompatibility } from '../kro-compatibility.ts';
import { textAdvice } from './warn-texts.ts';

const NAMES = new Set(['schema', 'web']);

test.each<[string, string]>([
  ['#{web.spec.a}', '#{…}'],
  ['%{web.spec.a}', '%{…}'],
  ['@{web.spec.a}', '@{…}'],
  ['{web.spec.a}', '{…} without $'],
  ['$(web.spec.a)', '$(…)'],
  ['{{ .web.spec.a }}', '{{…}}'],
])('the advice for %s names its delimiters', (text, delimiters) => {
  const advice = textAdvice(text, NAMES, '0.10');
  expect(advice?.message).toBe(
    `${text} stays in the string unchanged: an expression is written in \${…}, not in ${delimiters}`,
  );
  expect(advice?.hint).toBe('write ${web.spec.a}');
});

test.each<[string, KroCompatibility, string | undefined]>([
  ['${schema.spec.a $(web.spec.b)', '0.10', undefined],
  ['${schema.spec.a $(web.spec.b)', '0.9', 'write ${web.spec.b}'],
])('the expressions of %s are found by the rules of kro %s', (text, level, hint) => {
  expect(textAdvice(text, NAMES, level)?.hint).toBe(hint);
});
