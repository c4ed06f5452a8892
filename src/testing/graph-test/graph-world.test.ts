import { expect, test } from 'vitest';
import type { KubeObject } from '../../core/index.ts';
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

test('objects of an apply are targets in this step and later steps', async () => {
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

test('a target that a later step applies is refused before the test runs', async () => {
  const early = testGraph(notes, {
    steps: [{ patch: { 'ConfigMap/late': { 'data.text': 'b' } } }, { apply: [late] }],
  });
  await expect(early).rejects.toThrow(
    'ConfigMap/late is applied only by a later step (apply it before, or under "given.objects")',
  );
});

test('a test in code cannot compare snapshots, because it has no file for them', async () => {
  const early = testGraph(notes, { expect: { snapshot: true }, steps: [{ expect: { snapshot: true } }] });
  await expect(early).rejects.toThrow(
    /^the test does not fit notes:\n {2}expect\.snapshot: a test in code has no file of snapshots.*\n {2}steps\[0\]\.expect\.snapshot: /,
  );
});
