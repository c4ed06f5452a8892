import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { conditionOf, putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';

describe('a collection', () => {
  const graph = graphOf(`
schema: {spec: {names: "[]string", sizes: "[]integer"}, status: {all: "\${pumps.map(p, p.metadata.name)}"}}
resources:
  - id: pumps
    forEach: [{n: "\${schema.spec.names}"}, {s: "\${schema.spec.sizes}"}]
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: "\${n}-\${string(s)}"}, spec: {litres: "\${s}"}}
    readyWhen: ["\${each.status.running}"]
  - id: after
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: after}, data: {count: "\${string(pumps.size())}"}}
`);

  test('has an item for each combination of its dimensions (the last one varies fastest), with labels for index and size', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { names: ['b', 'a'], sizes: [1, 2] });
    const { decision, instance } = settle(graph, key, cluster);
    const [pumps] = decision.nodes;
    expect(pumps?.objects.map(({ object }) => object.name)).toEqual(['b-1', 'b-2', 'a-1', 'a-2']);
    expect(cluster.get('Pump.parts.test/ns/a-1')?.metadata.labels).toMatchObject({
      'kro.run/collection-index': '2',
      'kro.run/collection-size': '4',
    });
    expect(pumps).toMatchObject({
      state: 'waiting',
      because: { kind: 'not-ready', expression: 'each.status.running', missing: 'status' },
    });
    expect(conditionOf(instance, 'ResourcesReady')?.message).toContain(
      'apply "pumps": node "pumps": readyWhen "each.status.running" (item 0): eval "each.status.running": no such key: status (waiting for readiness)',
    );
    expect(instance?.status?.['all']).toEqual(['b-1', 'b-2', 'a-1', 'a-2']);

    for (const name of ['b-1', 'b-2', 'a-1', 'a-2']) {
      cluster.edit(`Pump.parts.test/ns/${name}`, (pump) => void (pump.status = { running: true }));
    }
    settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/after')?.['data']).toEqual({ count: '4' });
  });

  test('an error of readyWhen for one item takes precedence over an earlier item that is not ready', () => {
    const failing = graphOf(`
schema: {spec: {names: "[]string"}}
resources:
  - id: pumps
    forEach: [{n: "\${schema.spec.names}"}]
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: "\${n}"}}
    readyWhen: ["\${100 / each.status.level > 1}"]
`);
    const cluster = new FakeCluster();
    const key = putInstance(failing, cluster, 'a', { names: ['a', 'b'] });
    settle(failing, key, cluster);
    cluster.edit('Pump.parts.test/ns/a', (pump) => void (pump.status = { level: 100 }));
    expect(statesOf(settle(failing, key, cluster).decision)['pumps']).toBe('waiting: not-ready');
    cluster.edit('Pump.parts.test/ns/b', (pump) => void (pump.status = { level: 0 }));
    expect(statesOf(settle(failing, key, cluster).decision)['pumps']).toBe('failed: expression-failed');
  });

  test('an empty dimension yields no items, and the node is ready', () => {
    const cluster = new FakeCluster();
    const { decision } = settle(graph, putInstance(graph, cluster, 'a', { names: [], sizes: [1] }), cluster);
    expect(statesOf(decision)).toEqual({ pumps: 'ready: no-items', after: 'ready: ready' });
    expect(cluster.get('ConfigMap/ns/after')?.['data']).toEqual({ count: '0' });
  });

  test('retired items are deleted, and the remaining items get new indexes', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { names: ['x', 'y', 'z'], sizes: [1] });
    settle(graph, key, cluster);
    for (const name of ['x', 'y', 'z']) {
      cluster.edit(`Pump.parts.test/ns/${name}-1`, (pump) => void (pump.status = { running: true }));
    }
    settle(graph, key, cluster);
    cluster.log.length = 0;
    cluster.edit(key, (object) => void (object.spec = { names: ['z', 'x'], sizes: [1] }));
    settle(graph, key, cluster);
    expect(cluster.log).toEqual([
      'apply Pump.parts.test/ns/z-1',
      'apply Pump.parts.test/ns/x-1',
      'apply ConfigMap/ns/after',
      'delete Pump.parts.test/ns/y-1',
      'gone Pump.parts.test/ns/y-1',
    ]);
  });

  test('the whole collection fails if two items have the same identity', () => {
    const cluster = new FakeCluster();
    const { decision, instance } = settle(
      graph,
      putInstance(graph, cluster, 'a', { names: ['a', 'b', 'a'], sizes: [1] }),
      cluster,
    );
    const because = { kind: 'identity-collision', items: [0, 2] };
    expect(decision.nodes[0]).toMatchObject({ state: 'failed', because });
    expect(conditionOf(instance, 'ResourcesReady')?.message).toBe(
      'resource reconciliation failed: apply "pumps": resolve: node "pumps": duplicate identity in collection: parts.test/v1/Pump//a-1',
    );
    expect(instance?.status?.['state']).toBe('ERROR');
    expect(cluster.keys()).toEqual(['App.acme.test/ns/a']);
  });

  test('the number of items is limited before anything is expanded', () => {
    const cluster = new FakeCluster();
    const names = Array.from({ length: 1000 }, (_, index) => `n${index}`);
    const key = putInstance(graph, cluster, 'a', { names, sizes: Array.from({ length: 1000 }, (_, index) => index) });
    const { decision, instance } = settle(graph, key, cluster);
    expect(decision.nodes[0]?.because).toEqual({ kind: 'collection-too-large', size: 1_000_000, limit: 1000 });
    expect(conditionOf(instance, 'ResourcesReady')?.message).toContain(
      'collection size 1000000 exceeds the maximum of 1000',
    );
  });

  test('the owner of each item is checked by the labels of the item', () => {
    const cluster = new FakeCluster();
    const labels = {
      'applyset.kubernetes.io/part-of': 'applyset-other-v1',
      'kro.run/instance-kind': 'Station',
      'kro.run/instance-namespace': 'ns',
      'kro.run/instance-name': 'other',
    };
    cluster.put({ apiVersion: 'parts.test/v1', kind: 'Pump', metadata: { name: 'b-1', namespace: 'ns', labels } });
    const { decision } = settle(graph, putInstance(graph, cluster, 'a', { names: ['a', 'b'], sizes: [1] }), cluster);
    expect(decision.nodes[0]).toMatchObject({
      state: 'failed',
      because: { kind: 'other-owner', owner: 'applyset-other-v1', instance: 'Station ns/other' },
    });
    expect(cluster.get('Pump.parts.test/ns/b-1')?.metadata.labels).toEqual(labels);
    expect(cluster.get('Pump.parts.test/ns/a-1')).toBeDefined();
  });
});
