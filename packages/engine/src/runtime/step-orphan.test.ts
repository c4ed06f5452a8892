import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { conditionOf, decide, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { explainNode } from './reports/explain.ts';
import type { Graph } from '../graph/index.ts';

const POLICY = 'internal.kro.run/deletion-policy';

function compiled(resources: string, kroCompatibility: '0.9' | '0.10' = '0.10'): Graph {
  const schema = 'schema: {spec: {on: boolean, names: "[]string", notes: "map[string]string"}}';
  return graphOf(`${schema}\nresources:\n${resources}`, { features: { deletionPolicy: true }, kroCompatibility });
}

const KEPT = `  - id: data
    deletionPolicy: Orphaned
    includeWhen: ["\${schema.spec.on}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: data, labels: {team: red}, annotations: {note: mine}}, data: {k: v}}
`;
const READER = `  - id: reader
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: reader}, data: {k: "\${data.data.k}"}}
`;
const ITEMS = `  - id: parts
    deletionPolicy: Orphaned
    forEach: [{name: "\${schema.spec.names}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${name}"}, data: {k: v}}
`;

const DATA = 'ConfigMap/ns/data';
const SPEC = { on: true, names: ['a', 'b'], notes: {} };

function made(graph: Graph, spec: JsonObject = SPEC) {
  const cluster = new FakeCluster();
  const key = putInstance(graph, cluster, 'x', spec);
  settle(graph, key, cluster);
  cluster.log.length = 0;
  return { cluster, key };
}

const metadataOf = (object: KubeObject | undefined) => {
  const { labels = {}, annotations = {} } = object?.metadata ?? {};
  return { labels, annotations };
};

describe('an object with the deletion policy Orphaned', () => {
  test.each(['0.9', '0.10'] as const)(
    'has the policy as an annotation, in addition to its own annotations (kro %s)',
    (level) => {
      const { cluster } = made(compiled(KEPT, level));
      expect(metadataOf(cluster.get(DATA)).annotations).toMatchObject({ [POLICY]: 'Orphaned', note: 'mine' });
    },
  );

  test.each(['0.9', '0.10'] as const)(
    'stays without labels and annotations of kro when the instance is deleted (kro %s)',
    (level) => {
      const graph = compiled(KEPT + READER + ITEMS, level);
      const { cluster, key } = made(graph);
      const uid = cluster.get(DATA)?.metadata.uid;
      cluster.remove(key);
      expect(settle(graph, key, cluster).instance).toBeUndefined();
      expect(cluster.keys()).toEqual(['ConfigMap/ns/a', 'ConfigMap/ns/b', DATA]);
      expect(metadataOf(cluster.get(DATA))).toEqual({ labels: { team: 'red' }, annotations: { note: 'mine' } });
      expect(metadataOf(cluster.get('ConfigMap/ns/a'))).toEqual({ labels: {}, annotations: {} });
      expect([cluster.get(DATA)?.['data'], cluster.get(DATA)?.metadata.uid]).toEqual([{ k: 'v' }, uid]);
      expect(cluster.log.filter((line) => line.startsWith('delete'))).toEqual(['delete ConfigMap/ns/reader']);
    },
  );

  test.each([
    ['its condition is false', { ...SPEC, on: false }, [DATA]],
    ['its item is removed from the list', { ...SPEC, names: ['b'] }, ['ConfigMap/ns/a']],
  ])('stays when %s, and belongs to the instance again after the change is reverted', (_, spec, released) => {
    const graph = compiled(KEPT + ITEMS);
    const { cluster, key } = made(graph);
    cluster.edit(key, (object) => void (object.spec = spec));
    const { decision } = settle(graph, key, cluster);
    expect(decision.state).toBe('ACTIVE');
    for (const name of released) expect(cluster.get(name)?.metadata.labels ?? {}).not.toHaveProperty('kro.run/owned');
    expect(cluster.log.filter((line) => /^(?:delete|gone)/.test(line))).toEqual([]);
    cluster.edit(key, (object) => void (object.spec = SPEC));
    const again = settle(graph, key, cluster);
    expect(again.decision.state).toBe('ACTIVE');
    for (const name of released) expect(cluster.get(name)?.metadata.labels).toMatchObject({ 'kro.run/owned': 'true' });
  });

  test('stays when its node is removed, and a change of only the policy is written', () => {
    const { cluster, key } = made(compiled(KEPT));
    const deleting = compiled(KEPT.replace('    deletionPolicy: Orphaned\n', ''));
    settle(deleting, key, cluster);
    expect(metadataOf(cluster.get(DATA)).annotations).not.toHaveProperty(POLICY);
    settle(compiled(KEPT), key, cluster);
    expect(metadataOf(cluster.get(DATA)).annotations).toMatchObject({ [POLICY]: 'Orphaned' });
    settle(compiled(ITEMS), key, cluster);
    expect(metadataOf(cluster.get(DATA))).toEqual({ labels: { team: 'red' }, annotations: { note: 'mine' } });
  });

  test('stays even if the cache does not have the annotation yet', () => {
    const before = made(compiled(KEPT.replace('    deletionPolicy: Orphaned\n', '')));
    const graph = compiled(KEPT);
    before.cluster.edit(before.key, (object) => void (object.spec = { ...SPEC, on: false }));
    settle(graph, before.key, before.cluster);
    expect(metadataOf(before.cluster.get(DATA))).toEqual({ labels: { team: 'red' }, annotations: { note: 'mine' } });
  });

  test('delays the deletion of the instance while the API server refuses the release of the object, but not while the object is being deleted', () => {
    const graph = compiled(KEPT);
    const { cluster, key } = made(graph);
    const failure = { code: 403, reason: 'Forbidden', message: 'no' };
    cluster.refuse.set('ConfigMap/ns/data', failure);
    cluster.remove(key);
    const { decision } = settle(graph, key, cluster);
    expect(decision.blocked).toEqual([expect.stringContaining('release ConfigMap v1 ns/data: ')]);
    expect(conditionOf(cluster.get(key), 'ResourcesReady')?.message).toContain('deletion blocked: release');
    cluster.refuse.clear();
    cluster.edit(DATA, ({ metadata }) => void (metadata.finalizers = ['other/finalizer']));
    cluster.remove(DATA);
    expect(settle(graph, key, cluster, { step: { now: Date.parse('2026-11-02T00:00:00Z') } }).instance).toBeUndefined();
    expect(cluster.get(DATA)?.metadata.finalizers).toEqual(['other/finalizer']);
  });

  test('is named in the reports', () => {
    const graph = compiled(KEPT + READER);
    const { cluster, key } = made(graph);
    cluster.remove(key);
    const decision = decide(graph, cluster.get(key) as KubeObject, cluster);
    expect(Object.fromEntries(decision.nodes.map(explainNode).map(({ node, reason }) => [node, reason]))).toEqual({
      reader: 'deletes its objects: ConfigMap v1 ns/reader',
      data: 'waits for reader before it leaves its objects in the cluster (deletionPolicy: Orphaned): ConfigMap v1 ns/data',
    });
  });
});

test('an expression for all annotations cannot set the policy, and its other annotations are kept', () => {
  const notes = { [POLICY]: 'Orphaned', note: 'mine' };
  const resource = (policy: string) => `  - id: data
${policy}    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: data, annotations: "\${schema.spec.notes}"}}
`;
  const annotationsWith = (policy: string) =>
    metadataOf(made(compiled(resource(policy)), { ...SPEC, notes }).cluster.get(DATA)).annotations;
  expect(annotationsWith('')).toMatchObject({ note: 'mine' });
  expect(annotationsWith('')).not.toHaveProperty(POLICY);
  expect(annotationsWith('    deletionPolicy: Orphaned\n')).toMatchObject({ [POLICY]: 'Orphaned', note: 'mine' });
});
