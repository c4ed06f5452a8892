import { expect, test } from 'vitest';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';

test('the hint about a name that is too long mentions the kind from which kro derives the name', () => {
  const { diagnostics } = compile(
    {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'example' },
      spec: { schema: { apiVersion: 'v1', kind: `K${'k'.repeat(60)}`, group: 'example.com' }, resources: [] },
    },
    { sources: builtinSource() },
  );
  expect(diagnostics).toMatchObject([
    {
      code: 'graph/refused-crd',
      message: expect.stringContaining('spec.names.listKind'),
      hint: 'shorten the kind, so that this name has at most 63 characters',
      path: 'spec.schema.kind',
    },
  ]);
});

test.each([
  [63, []],
  [
    64,
    [
      {
        code: 'graph/refused-crd',
        severity: 'warning',
        message:
          'the API server will refuse the CustomResourceDefinition: the name of the definition has 64 characters, and is the value of the label kro.run/resource-graph-definition-name',
        hint: 'shorten the name to at most 63 characters',
        path: 'metadata.name',
      },
    ],
  ],
])('only a definition name that is too long for a label value causes a warning: %i characters', (length, expected) => {
  const { diagnostics } = compile(
    {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'n'.repeat(length) },
      spec: { schema: { apiVersion: 'v1', kind: 'Short', group: 'example.com' }, resources: [] },
    },
    { sources: builtinSource() },
  );
  expect(diagnostics).toMatchObject(expected);
  expect(diagnostics).toHaveLength(expected.length);
});

test.each([
  ['an item of a list', '[]integer | default=["a"]', 'the string "a" is written where a whole number is expected'],
  ['a value of a map', 'map[string]boolean | default={"a":1}', '1 is written where true or false is expected'],
])('the problem of an invalid default names the field and the invalid part: %s', (_, field, problem) => {
  const { diagnostics } = compile(
    {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'example' },
      spec: { schema: { apiVersion: 'v1', kind: 'Short', group: 'example.com', spec: { f: field } }, resources: [] },
    },
    { sources: builtinSource() },
  );
  expect(diagnostics).toMatchObject([
    {
      code: 'graph/refused-crd',
      message: `the API server will refuse the CustomResourceDefinition: the default of f: ${problem}`,
      hint: 'correct the default, or the marker that it breaks',
      path: 'spec.schema.spec.f',
    },
  ]);
});
