import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { contributionsProblem } from './contributions.ts';

const withContributions = (text: string): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'App',
  metadata: { name: 'i', annotations: { 'internal.kro.run/patch-contributions': text } },
});

const NO_FIELD = 'into Go struct field PatchContribution';
const NO_ENTRY = 'into Go value of type metadata.PatchContribution';

test.each([
  [undefined, ''],
  [undefined, 'null'],
  [undefined, '[{"kind": "App"}]'],
  [undefined, '[null]'],
  [undefined, '[{"kind": null, "name": "a", "other": 1}]'],
  [`json: cannot unmarshal number ${NO_ENTRY}`, '[1]'],
  [`json: cannot unmarshal number ${NO_ENTRY}`, '[null, 1]'],
  [`json: cannot unmarshal bool ${NO_FIELD}.kind of type string`, '[{"name": "a"}, {"kind": true}]'],
  [`json: cannot unmarshal object ${NO_FIELD}.fieldManager of type string`, '[{"FieldManager": {}}]'],
  ['json: cannot unmarshal object into Go value of type []metadata.PatchContribution', '{}'],
  ["invalid character 'q' in string escape code", String.raw`[{"kind": "\q"}]`],
  ['exceeded max depth', '['.repeat(100_000)],
  ['exceeded max depth', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['exceeded max depth', '{"a":'.repeat(100_000)],
  [`json: cannot unmarshal array ${NO_ENTRY}`, '['.repeat(10_000) + ']'.repeat(10_000)],
])('the problem with the contributions in an annotation is %s', (problem, text) => {
  const begin = 'unmarshal patch contributions from annotation "internal.kro.run/patch-contributions": ';
  expect(contributionsProblem(withContributions(text))).toBe(problem === undefined ? undefined : begin + problem);
});
