import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { conditionOf, putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

describe('external objects', () => {
  const graph = graphOf(`
schema: {spec: {of: string}, status: {names: "\${peers.map(p, p.metadata.name)}"}}
resources:
  - id: host
    externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.of}"}}
  - id: peers
    externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {app: web}}}}
  - id: copy
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: copy}, data: {key: "\${host.data.key}", peers: "\${string(peers.size())}"}}
`);
  const config = (
    name: string,
    data: Record<string, string>,
    labels?: Record<string, string>,
    namespace = 'ns',
  ): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    data,
  });

  test('by name: the node waits for the object, reads it and never writes it', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { of: 'outside' });
    const absent = settle(graph, key, cluster);
    expect(statesOf(absent.decision)).toEqual({
      host: 'waiting: external-missing',
      peers: 'ready: ready',
      copy: 'pending: dependency',
    });
    expect(conditionOf(absent.instance, 'ResourcesReady')?.message).toBe(
      'waiting for unresolved resource: apply "host" (ref): external ref ConfigMap "ns/outside" not found: executor: node not ready',
    );
    cluster.put(config('outside', { key: 'one' }));
    settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/copy')?.['data']).toEqual({ key: 'one', peers: '0' });
    expect(cluster.get('ConfigMap/ns/outside')?.metadata.labels).toBeUndefined();
  });

  describe('by a selector that an expression computes', () => {
    const selecting = graphOf(`
schema: {spec: {selector: object}, status: {names: "\${peers.map(p, p.metadata.name)}"}}
resources:
  - id: peers
    externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: "\${schema.spec.selector}"}}
`);
    const select = (selector: JsonObject) => {
      const cluster = new FakeCluster();
      cluster.put(config('a', {}, { app: 'web' }));
      cluster.put(config('b', {}, { app: 'db' }));
      return settle(selecting, putInstance(selecting, cluster, 'a', { selector }), cluster);
    };

    test.each<[JsonObject, string[]]>([
      [{ matchLabels: { app: 'web' } }, ['a']],
      [{ matchLabels: { app: 'db' } }, ['b']],
      [{}, ['a', 'b']],
    ])('%j selects %j', (selector, names) => {
      expect(select(selector).instance?.status?.['names']).toEqual(names);
    });

    test.each<[JsonObject, string]>([
      [{ app: 'web' }, 'app: unknown field'],
      [{ matchLabel: { app: 'web' } }, 'matchLabel: unknown field'],
      [{ matchExpressions: [{ key: 'app', operator: 'Near' }] }, 'not a valid selector operator'],
      [{ matchLabels: { app: 'not a label' } }, 'matchLabels.app: Invalid value: "not a label"'],
    ])('%j is refused, and selects nothing', (selector, text) => {
      const { instance } = select(selector);
      expect(instance?.status).not.toHaveProperty('names');
      expect(instance?.status?.['state']).toBe('ERROR');
      expect(conditionOf(instance, 'ResourcesReady')?.message).toContain(text);
    });
  });

  test('by selector: the node reads objects of all namespaces, ordered by namespace and name', () => {
    const cluster = new FakeCluster();
    cluster.put(config('outside', { key: 'one' }));
    cluster.put(config('z', {}, { app: 'web' }));
    cluster.put(config('b', {}, { app: 'web' }, 'other'));
    cluster.put(config('a', {}, { app: 'db' }));
    const key = putInstance(graph, cluster, 'a', { of: 'outside' });
    const { instance, decision } = settle(graph, key, cluster, { lazy: true });
    expect(instance?.status?.['names']).toEqual(['z', 'b']);
    expect(decision.watch).toContainEqual({
      kind: 'list',
      nodeId: 'peers',
      target: {
        type: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
        selector: 'app=web',
      },
    });
  });

  test('readyWhen of a node with a selector reads the whole list of selected objects', () => {
    const counted = graphOf(`
schema: {}
resources:
  - id: peers
    externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {app: web}}}}
    readyWhen: ["\${peers.size() > 1}"]
`);
    const cluster = new FakeCluster();
    const key = putInstance(counted, cluster, 'a', {});
    // A node with an empty list is ready, because there is no object to wait for.
    expect(statesOf(settle(counted, key, cluster).decision)['peers']).toBe('ready: ready');
    cluster.put(config('a', {}, { app: 'web' }));
    expect(statesOf(settle(counted, key, cluster).decision)['peers']).toBe('waiting: not-ready');
    cluster.put(config('b', {}, { app: 'web' }));
    expect(statesOf(settle(counted, key, cluster).decision)['peers']).toBe('ready: ready');
  });

  test('the deletion timestamp of an external object is ignored', () => {
    const cluster = new FakeCluster();
    cluster.put({
      ...config('outside', { key: 'one' }),
      metadata: { name: 'outside', namespace: 'ns', finalizers: ['a/b'] },
    });
    cluster.remove('ConfigMap/ns/outside');
    const { decision } = settle(graph, putInstance(graph, cluster, 'a', { of: 'outside' }), cluster);
    expect(statesOf(decision)['host']).toBe('ready: ready');
  });
});

describe('namespaces', () => {
  const graph = graphOf(`
schema: {spec: {at: string}}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: "\${schema.spec.at}"}}
`);

  test('a child may be in another namespace, which the inventory records', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { at: 'far' });
    settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/far/c')).toBeDefined();
    expect(cluster.get(key)?.metadata.annotations?.['applyset.kubernetes.io/additional-namespaces']).toBe('far');
    cluster.edit(key, (object) => void (object.spec = { at: 'ns' }));
    settle(graph, key, cluster);
    expect(cluster.keys()).toEqual(['App.acme.test/ns/a', 'ConfigMap/ns/c']);
    expect(cluster.get(key)?.metadata.annotations?.['applyset.kubernetes.io/additional-namespaces']).toBe('');
  });

  test('a child in another namespace is refused when the policy forbids it', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { at: 'far' });
    const { decision } = settle(graph, key, cluster, { step: { namespaces: 'instance' } });
    expect(decision.nodes[0]).toMatchObject({ state: 'failed', because: { kind: 'outside-namespace', allowed: 'ns' } });
    expect(cluster.get('ConfigMap/far/c')).toBeUndefined();
  });

  test('under a cluster-scoped instance, a namespaced child must name a namespace', () => {
    const scoped = graphOf(`
schema: {scope: Cluster, spec: {at: string}}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: "\${schema.spec.at}"}}
`);
    const cluster = new FakeCluster();
    const key = putInstance(scoped, cluster, 'a', { at: '' });
    const failed = settle(scoped, key, cluster);
    expect(conditionOf(failed.instance, 'ResourcesReady')?.message).toContain(
      'node "c" is namespaced and must resolve metadata.namespace when the instance is cluster-scoped',
    );
    cluster.edit(key, (object) => void (object.spec = { at: 'ns' }));
    settle(scoped, key, cluster);
    const labels = cluster.get('ConfigMap/ns/c')?.metadata.labels ?? {};
    expect(Object.keys(labels)).not.toContain('kro.run/instance-namespace');
    expect(cluster.get(key)?.metadata.annotations?.['applyset.kubernetes.io/additional-namespaces']).toBe('ns');
  });
});

describe('omit()', () => {
  test('an omitted field is not written, and is released if it was written before', () => {
    const graph = graphOf(`
schema: {spec: {note: string | default=""}}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: v, note: "\${schema.spec.note == '' ? omit() : schema.spec.note}"}}
`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { note: 'hi' });
    settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/c')?.['data']).toEqual({ k: 'v', note: 'hi' });
    cluster.edit(key, (object) => void (object.spec = { note: '' }));
    settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/c')?.['data']).toEqual({ k: 'v' });
  });
});
