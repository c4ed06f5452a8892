import { crdOf } from '@typekro/kit/test-support/crd';
import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { testGraph } from './test-graph.ts';

const notes: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'notes' },
  spec: {
    schema: { apiVersion: 'v1', kind: 'Note', spec: {} },
    resources: [
      { id: 'source', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } } },
      {
        id: 'note',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}' },
          data: { text: '${source.data.text}' },
        },
      },
    ],
  },
};
const late = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' }, data: { text: 'a' } };

test('a patch and a deletion can name an object that the same step or an earlier step applies', async () => {
  await testGraph(notes, {
    given: { name: 'hello' },
    expect: { children: { note: 'absent' } },
    steps: [
      { apply: [late], expect: { children: { note: { 'data.text': 'a' } } } },
      { patch: { 'ConfigMap/late': { 'data.text': 'b' } }, expect: { children: { note: { 'data.text': 'b' } } } },
      {
        patch: { 'ConfigMap/default/late': { 'data.text': 'c' } },
        expect: { children: { note: { 'data.text': 'c' } } },
      },
      {
        apply: [{ ...late, metadata: { name: 'second' } }],
        patch: { 'ConfigMap/second': { 'data.text': 'd' } },
        expect: { written: [] },
      },
      { delete: ['ConfigMap/late', 'ConfigMap/second'] },
      { apply: [{ ...late, data: { text: 'e' } }], expect: { children: { note: { 'data.text': 'e' } } } },
    ],
  });
});

test('a target that only a later step applies is refused before the test runs', async () => {
  const early = testGraph(notes, { steps: [{ patch: { 'ConfigMap/late': { 'data.text': 'b' } } }, { apply: [late] }] });
  await expect(early).rejects.toThrow(
    'ConfigMap/late is applied only by a later step (apply it in an earlier step, or write it under "given.objects")',
  );
});

test('a test in code cannot compare snapshots, because it has no file for them', async () => {
  const early = testGraph(notes, { expect: { snapshot: true }, steps: [{ expect: { snapshot: true } }] });
  await expect(early).rejects.toThrow(
    /^the test does not fit notes:\n {2}expect\.snapshot: a test in code has no file of snapshots.*\n {2}steps\[0\]\.expect\.snapshot: /,
  );
});

const zones: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'zones' },
  spec: {
    schema: { apiVersion: 'v1', kind: 'Zones', spec: { names: '[]string' } },
    resources: [
      {
        id: 'note',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}' },
          data: { text: '${schema.spec.names.join(" ")}' },
        },
      },
    ],
  },
};

test('a patch can change one element of a list', async () => {
  await testGraph<object>(zones, {
    given: { name: 'hello', spec: { names: ['a', 'b', 'c'] } },
    expect: { children: { note: { 'data.text': 'a b c' } } },
    steps: [
      { patch: { instance: { 'spec.names[1]': 'x' } }, expect: { children: { note: { 'data.text': 'a x c' } } } },
    ],
  });
});

test('a patch of an element that does not exist fails with its path', async () => {
  const failing = testGraph<object>(zones, {
    given: { name: 'hello', spec: { names: ['a'] } },
    steps: [{ patch: { instance: { 'spec.names[1]': 'x' } } }],
  });
  await expect(failing).rejects.toThrow('the object has no spec.names[1]');
});

test('a test uses its own CRD, and not a CRD of the same name from an earlier test', async () => {
  const crd = (field: string) => crdOf('Thing', { properties: { [field]: { type: 'string' } } });
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, later: 'x' };
  const early = testGraph(notes, { given: { objects: [thing] } }, { crds: [crd('early')] });
  await expect(early).rejects.toThrow('there is no field "later"');
  await testGraph(notes, { given: { objects: [thing] } }, { crds: [crd('later')] });
});
