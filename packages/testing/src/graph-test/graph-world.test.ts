import { crdOf } from '@typekro/kit/test-support/crd';
import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { createCluster } from '../create-cluster.ts';
import { type TypedGraphTest, testGraph, testGraphWithFaults } from './test-graph.ts';

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

/** A definition with a former version, in which `text` is `words`. */
const versioned: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'memos' },
  spec: {
    schema: {
      apiVersion: 'v1',
      kind: 'Memo',
      spec: { text: 'string' },
      versions: [
        {
          name: 'v1beta1',
          spec: { words: 'string' },
          convertTo: { 'spec.text': '${self.spec.words}' },
          convertFrom: { 'spec.words': '${self.spec.text}' },
        },
      ],
    },
    resources: [
      {
        id: 'memo',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}' },
          data: { text: '${schema.spec.text}' },
        },
      },
    ],
  },
};
const inFormer = (words: string): KubeObject => ({
  apiVersion: 'kro.run/v1beta1',
  kind: 'Memo',
  metadata: { name: 'hello', namespace: 'default' },
  spec: { words },
});

test('an instance of a definition with versions can be changed in a former version', async () => {
  await testGraph(versioned, {
    given: { name: 'hello', spec: { text: 'a' } },
    expect: { children: { memo: { 'data.text': 'a' } } },
    steps: [{ apply: [inFormer('b')], expect: { children: { memo: { 'data.text': 'b' } }, state: 'ACTIVE' } }],
  });
});

test('an instance of a former version is created, changed and read in this version', async () => {
  const inVersion = (version: string, spec: JsonObject): TypedGraphTest<JsonObject> => ({
    given: { name: 'hello', version, spec },
    expect: { children: { memo: { 'data.text': 'a' } } },
    steps: [
      {
        patch: { instance: { 'spec.words': 'b' } },
        expect: { children: { memo: { 'data.text': 'b' } }, state: 'ACTIVE' },
      },
    ],
  });
  await testGraph(versioned, inVersion('v1beta1', { words: 'a' }));
  await expect(testGraph(versioned, inVersion('v1beta1', { text: 'a' }))).rejects.toThrow(
    'there is no field "text" (write one of words)',
  );
  await expect(testGraph(versioned, inVersion('v1beta2', { words: 'a' }))).rejects.toThrow(
    'Memo is not served in the version v1beta2',
  );
});

test('a definition with versions is served under faults', async () => {
  const steps = [{ apply: [inFormer('b')], expect: { children: { memo: { 'data.text': 'b' } } } }];
  const given = { name: 'hello', spec: { text: 'a' } };
  const { lives } = await testGraphWithFaults(versioned, { given, steps }, { lives: 2, seed: 1 });
  expect(lives).toBe(2);
});

test('startController serves versions, unless its features turn them off', async () => {
  await using cluster = await createCluster();
  const { client } = cluster;
  const controller = await cluster.startController();
  await client.apply(versioned, { fieldManager: 'test' });
  await controller.idle();
  await client.apply(inFormer('c'), { fieldManager: 'test' });
  await controller.idle();
  const ref = { apiVersion: 'kro.run/v1', kind: 'Memo', name: 'hello', namespace: 'default' };
  expect((await client.get(ref)).spec).toEqual({ text: 'c' });

  await using refusing = await createCluster();
  const former = await refusing.startController({ features: { versions: false } });
  await refusing.client.apply(versioned, { fieldManager: 'test' });
  await former.idle();
  const { status } = await refusing.client.get({ ...versioned, name: 'memos' });
  expect(JSON.stringify(status)).toContain('versions requires the APIVersions feature gate');
});
