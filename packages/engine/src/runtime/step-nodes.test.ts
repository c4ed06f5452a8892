import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { carryOut, conditionOf, decide, putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { applySetId } from './reports/applyset.ts';

const CHAIN_YAML = `
schema: {spec: {litres: integer}, status: {address: "\${second.data.address}"}}
resources:
  - id: second
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}-2"}, data: {address: "\${first.status.address}"}}
  - id: first
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: "\${schema.metadata.name}-1"}, spec: {litres: "\${schema.spec.litres}"}}
    readyWhen: ["\${first.status.phase == 'Up'}"]
`;
const CHAIN = graphOf(CHAIN_YAML);

const PUMP = 'Pump.parts.test/ns/a-1';
const COPY = 'ConfigMap/ns/a-2';

describe('an instance with a chain of two objects', () => {
  test('is resolved up to the first node that is not ready, and the message names this node', () => {
    const cluster = new FakeCluster();
    const key = putInstance(CHAIN, cluster, 'a', { litres: 2 });
    const first = settle(CHAIN, key, cluster);
    expect(cluster.log.filter((entry) => !entry.includes('App'))).toEqual([`apply ${PUMP}`]);
    expect(statesOf(first.decision)).toEqual({ first: 'waiting: not-ready', second: 'pending: dependency' });
    expect(first.decision.nodes.map(({ id }) => id)).toEqual(['first', 'second']);
    expect(first.instance?.status?.['state']).toBe('IN_PROGRESS');
    expect(conditionOf(first.instance, 'ResourcesReady')).toMatchObject({ status: 'False', reason: 'NotReady' });
    expect(conditionOf(first.instance, 'Ready')?.message).toContain(
      'apply "first": node "first": readyWhen "first.status.phase == \'Up\'"',
    );

    cluster.edit(PUMP, (pump) => void (pump.status = { phase: 'Up', address: '10.0.0.1' }));
    const second = settle(CHAIN, key, cluster);
    expect(second.rounds).toBe(1);
    expect(cluster.get(COPY)?.['data']).toEqual({ address: '10.0.0.1' });
    expect(statesOf(second.decision)).toEqual({ first: 'ready: ready', second: 'ready: ready' });
    expect(second.instance?.status).toMatchObject({ state: 'ACTIVE', address: '10.0.0.1' });
    expect(conditionOf(second.instance, 'InstanceManaged')?.message).toBe(
      'instance is properly managed with finalizers and labels',
    );
    expect(conditionOf(second.instance, 'GraphResolved')?.message).toBe(
      'runtime graph created and all resources resolved',
    );
    expect(conditionOf(second.instance, 'ResourcesReady')).toMatchObject({
      status: 'True',
      reason: 'AllResourcesReady',
      message: 'all resources are created and ready',
    });
    expect(conditionOf(second.instance, 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
  });

  test('writes labels and annotations as kro does', () => {
    const cluster = new FakeCluster();
    const key = putInstance(CHAIN, cluster, 'a', { litres: 2 });
    settle(CHAIN, key, cluster);
    const id = applySetId({ name: 'a', namespace: 'ns', kind: 'App', group: 'acme.test' });
    expect(cluster.get(PUMP)?.metadata).toMatchObject({
      labels: {
        'kro.run/owned': 'true',
        'kro.run/kro-version': 'devel',
        'app.kubernetes.io/managed-by': 'kro',
        'kro.run/instance-id': cluster.get(key)?.metadata.uid,
        'kro.run/instance-name': 'a',
        'kro.run/instance-namespace': 'ns',
        'kro.run/instance-group': 'acme.test',
        'kro.run/instance-version': 'v1',
        'kro.run/instance-kind': 'App',
        'kro.run/node-id': 'first',
        'applyset.kubernetes.io/part-of': id,
      },
      annotations: { 'internal.kro.run/apply-order': '1' },
    });
    const { labels, annotations, finalizers } = cluster.get(key)?.metadata ?? {};
    expect(finalizers).toEqual(['kro.run/finalizer']);
    expect(labels).toEqual({
      'kro.run/owned': 'true',
      'kro.run/kro-version': 'devel',
      'kro.run/resource-graph-definition-id': 'rgd',
      'kro.run/resource-graph-definition-name': 'app',
      'applyset.kubernetes.io/id': id,
    });
    expect(annotations).toMatchObject({
      'applyset.kubernetes.io/contains-group-kinds': 'Pump.parts.test',
      'applyset.kubernetes.io/additional-namespaces': '',
      'applyset.kubernetes.io/tooling': 'kro/devel',
    });
  });

  test('the finalizer and an inventory that covers the children are written before the children', () => {
    const cluster = new FakeCluster();
    const key = putInstance(CHAIN, cluster, 'a', { litres: 2 });
    settle(CHAIN, key, cluster);
    expect(cluster.log).toEqual(['apply App.acme.test/ns/a', 'apply App.acme.test/ns/a', `apply ${PUMP}`]);
  });

  test('requests objects that were not read yet, and decides about these objects after the read', () => {
    const cluster = new FakeCluster();
    const key = putInstance(CHAIN, cluster, 'a', { litres: 2 });
    const instance = cluster.get(key) as KubeObject;
    const decision = decide(CHAIN, instance, cluster, { lazy: true });
    expect(decision.apply).toEqual([]);
    expect(decision.read.map(({ kind, target }) => [kind, 'name' in target && target.name])).toEqual([
      ['object', 'a-1'],
    ]);
    expect(statesOf(decision)['first']).toBe('pending: unread');
    expect(decision.quiet).toBe(false);
    expect(settle(CHAIN, key, cluster, { lazy: true }).instance?.status?.['state']).toBe('IN_PROGRESS');
  });

  test.each([
    ['0.9', '10.0.0.1'],
    ['0.10', undefined],
  ] as const)(
    'the objects of dependents do not change when their dependency becomes unready (level %s)',
    (level, address) => {
      const chain = graphOf(CHAIN_YAML, { kroCompatibility: level });
      const cluster = new FakeCluster();
      const key = putInstance(chain, cluster, 'a', { litres: 2 });
      settle(chain, key, cluster);
      cluster.edit(PUMP, (pump) => void (pump.status = { phase: 'Up', address: '10.0.0.1' }));
      settle(chain, key, cluster);
      cluster.edit(PUMP, (pump) => void (pump.status = { phase: 'Down', address: '10.0.0.2' }));
      cluster.log.length = 0;
      const { decision, instance } = settle(chain, key, cluster);
      expect(cluster.log).toEqual([]);
      expect(statesOf(decision)).toEqual({ first: 'waiting: not-ready', second: 'pending: dependency' });
      expect(cluster.get(COPY)?.['data']).toEqual({ address: '10.0.0.1' });
      expect(instance?.status).toMatchObject({ state: 'IN_PROGRESS' });
      // kro 0.10 omits the status fields that read a node whose dependency is not ready.
      expect(instance?.status?.['address']).toBe(address);
    },
  );

  test('missing data makes a node wait, and the reason has the expression and the missing name', () => {
    const graph = graphOf(`
schema: {}
resources:
  - id: src
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}}
  - id: dst
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: "\${src.status.address}"}}
`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    const { decision, instance } = settle(graph, key, cluster);
    expect(decision.nodes[1]).toMatchObject({
      id: 'dst',
      state: 'pending',
      because: { kind: 'missing-data', expression: 'src.status.address', path: 'status', nodes: ['src'] },
    });
    expect(conditionOf(instance, 'ResourcesReady')?.message).toBe(
      'waiting for unresolved resource: apply "dst": resolve: node "dst": eval "src.status.address" at "data.a": ' +
        'eval "src.status.address": no such key: status (data pending) (executor: node not ready)',
    );
    expect(instance?.status?.['state']).toBe('IN_PROGRESS');
  });
});

describe('includeWhen', () => {
  const graph = graphOf(`
schema: {spec: {on: boolean | default=true}}
resources:
  - id: base
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: base}, data: {k: v}}
    includeWhen: ["\${schema.spec.on}"]
  - id: top
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: top}, data: {k: "\${base.data.k}"}}
  - id: other
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {k: v}}
`);

  test('skips a node together with the nodes that read it', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { on: false });
    const { decision, instance } = settle(graph, key, cluster);
    expect(decision.nodes.map(({ id, state, because }) => [id, state, because])).toEqual([
      ['base', 'skipped', { kind: 'excluded', expression: 'schema.spec.on', value: false }],
      ['top', 'skipped', { kind: 'dependency-skipped', node: 'base' }],
      ['other', 'ready', { kind: 'ready' }],
    ]);
    expect(instance?.status?.['state']).toBe('ACTIVE');
    expect(cluster.keys()).toEqual(['App.acme.test/ns/a', 'ConfigMap/ns/other']);
  });

  test('deletes the objects of skipped nodes, each after its dependents have disappeared', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { on: true });
    settle(graph, key, cluster);
    cluster.log.length = 0;
    cluster.edit(key, (object) => void (object.spec = { on: false }));
    settle(graph, key, cluster);
    expect(cluster.log.filter((entry) => entry.includes('ConfigMap'))).toEqual([
      'delete ConfigMap/ns/top',
      'gone ConfigMap/ns/top',
      'delete ConfigMap/ns/base',
      'gone ConfigMap/ns/base',
    ]);
  });

  test('a missing field of the instance is an error, because it cannot appear later', () => {
    const strict = graphOf(`
schema: {spec: {flag: boolean}}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
    includeWhen: ["\${schema.spec.flag}"]
  - id: d
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: d}}
`);
    const cluster = new FakeCluster();
    const { decision, instance } = settle(strict, putInstance(strict, cluster, 'a', {}), cluster);
    expect(statesOf(decision)).toEqual({ c: 'failed: expression-failed', d: 'ready: ready' });
    expect(instance?.status?.['state']).toBe('ERROR');
  });

  test.each<[string, JsonValue, string]>([
    ['true', true, 'ready: ready'],
    ['false', false, 'skipped: excluded'],
    ['null', null, 'skipped: excluded'],
  ])('a condition includes its node only if its value is the boolean true: %s', (_name, isOpen, state) => {
    const graph = graphOf(`
schema: {}
resources:
  - id: p
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}}
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
    includeWhen: ["\${p.status.valves['main']}"]
`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    settle(graph, key, cluster);
    cluster.edit('Pump.parts.test/ns/p', (pump) => void (pump.status = { valves: { main: isOpen } }));
    const { decision } = settle(graph, key, cluster);
    expect(statesOf(decision)['c']).toBe(state);
    const excluded = { kind: 'excluded', expression: "p.status.valves['main']", value: isOpen };
    expect(decision.nodes[1]?.because).toEqual(isOpen === true ? { kind: 'ready' } : excluded);
    expect(cluster.keys().includes('ConfigMap/ns/c')).toBe(isOpen === true);
  });

  test('a condition on another node waits until the data that it reads exists', () => {
    const dynamic = graphOf(`
schema: {}
resources:
  - id: p
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}}
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
    includeWhen: ["\${p.status.level > 5}"]
`);
    const cluster = new FakeCluster();
    const key = putInstance(dynamic, cluster, 'a', {});
    const waiting = settle(dynamic, key, cluster);
    expect(waiting.decision.nodes[1]).toMatchObject({
      state: 'pending',
      because: { kind: 'missing-data', path: 'status' },
    });
    expect(conditionOf(waiting.instance, 'ResourcesReady')?.message).toContain(
      'waiting for unresolved resource: apply "c": includeWhen: node "c": includeWhen "p.status.level > 5"',
    );
    cluster.edit('Pump.parts.test/ns/p', (pump) => void (pump.status = { level: 3 }));
    expect(statesOf(settle(dynamic, key, cluster).decision)['c']).toBe('skipped: excluded');
    cluster.edit('Pump.parts.test/ns/p', (pump) => void (pump.status = { level: 7 }));
    expect(statesOf(settle(dynamic, key, cluster).decision)['c']).toBe('ready: ready');
  });
});

test('carrying out a decision a second time, as after a crash, changes no child', () => {
  const cluster = new FakeCluster();
  const key = putInstance(CHAIN, cluster, 'a', { litres: 1 });
  const decision = decide(CHAIN, cluster.get(key) as KubeObject, cluster);
  carryOut(key, decision, cluster);
  cluster.log.length = 0;
  carryOut(key, decision, cluster);
  expect(cluster.log).toEqual([]);
});
