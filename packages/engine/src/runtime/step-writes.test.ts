import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { decide, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { KubeObject } from '@typekro/kit/core';
import { readConditions } from './conditions.ts';
import { keys } from './index.ts';

const PAIR = graphOf(`
schema: {spec: {k: string | default="v", extra: string | default=""}}
resources:
  - id: base
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: base}, data: {k: "\${schema.spec.k}"}}
  - id: top
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: top}, data: {k: "\${base.data.k}"}}
  - id: alone
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: alone}, data: {k: v}}
`);

const CHILDREN = ['ConfigMap/ns/alone', 'ConfigMap/ns/base', 'ConfigMap/ns/top'];

function started(cluster: FakeCluster, mode: 'whole' | 'projection' = 'whole') {
  const key = putInstance(PAIR, cluster, 'a', { k: 'v' });
  settle(PAIR, key, cluster, { mode });
  cluster.log.length = 0;
  return key;
}

describe.each(['whole', 'projection'] as const)('objects as the step sees them: %s', (mode) => {
  test('no object is written if there is no difference', () => {
    const cluster = new FakeCluster();
    const key = started(cluster, mode);
    const { decision, rounds } = settle(PAIR, key, cluster, { mode });
    expect([rounds, decision.statusChanged, decision.apply, decision.parent, cluster.log]).toEqual([
      0,
      false,
      [],
      {},
      [],
    ]);
  });

  test('after a restart nothing is written, and no whole object is read', () => {
    const cluster = new FakeCluster();
    const key = started(cluster, mode);
    cluster.forget();
    const reads = new Set<string>();
    settle(PAIR, key, cluster, {
      mode,
      lazy: true,
      onDecision: ({ read }) => read.forEach(({ kind }) => reads.add(kind)),
    });
    expect(cluster.log).toEqual([]);
    expect([...reads].sort()).toEqual(['members', 'object']);
  });

  test('a child that a user edited is corrected with one write', () => {
    const cluster = new FakeCluster();
    const key = started(cluster, mode);
    cluster.edit('ConfigMap/ns/base', (object) => void (object['data'] = { k: 'drift', other: 'kept' }));
    const reasons: string[] = [];
    settle(PAIR, key, cluster, {
      mode,
      onDecision: ({ apply }) => reasons.push(...apply.map(({ nodeId, why }) => `${nodeId} ${why}`)),
    });
    expect(cluster.log).toEqual(['apply ConfigMap/ns/base']);
    expect(reasons).toEqual(['base drift']);
    expect(cluster.get('ConfigMap/ns/base')?.['data']).toEqual({ k: 'v', other: 'kept' });
  });

  test('a label of the controller that a user removed is restored', () => {
    const cluster = new FakeCluster();
    const key = started(cluster, mode);
    cluster.edit(
      'ConfigMap/ns/base',
      (object) => void delete object.metadata.labels?.['applyset.kubernetes.io/part-of'],
    );
    settle(PAIR, key, cluster, { mode });
    expect(cluster.log).toEqual(['apply ConfigMap/ns/base']);
    expect(cluster.get('ConfigMap/ns/base')?.metadata.labels?.['applyset.kubernetes.io/part-of']).toMatch(/^applyset-/);
  });

  test('a child that a user deleted is created again', () => {
    const cluster = new FakeCluster();
    const key = started(cluster, mode);
    cluster.remove('ConfigMap/ns/alone');
    settle(PAIR, key, cluster, { mode });
    expect(cluster.log).toEqual(['gone ConfigMap/ns/alone', 'apply ConfigMap/ns/alone']);
  });

  test('a change of the instance changes the objects that read it, dependencies first', () => {
    const cluster = new FakeCluster();
    const key = started(cluster, mode);
    cluster.edit(key, (object) => void (object.spec = { k: 'new' }));
    const { rounds } = settle(PAIR, key, cluster, { mode });
    expect(cluster.log).toEqual(['apply ConfigMap/ns/base', 'apply ConfigMap/ns/top']);
    expect(rounds).toBe(2);
  });

  test('a different version label causes no write', () => {
    const cluster = new FakeCluster();
    const key = started(cluster, mode);
    settle(PAIR, key, cluster, { mode, step: { version: '1.0.0+build' } });
    expect(cluster.log).toEqual([]);
    cluster.edit('ConfigMap/ns/base', (object) => void (object['data'] = { k: 'drift' }));
    settle(PAIR, key, cluster, { mode, step: { version: '1.0.0+build' } });
    expect(cluster.get('ConfigMap/ns/base')?.metadata.labels?.['kro.run/kro-version']).toBe('1.0.0-build');
    expect(cluster.get('ConfigMap/ns/top')?.metadata.labels?.['kro.run/kro-version']).toBe('devel');
  });

  test('an object that is being deleted blocks only its node and the nodes that read it', () => {
    const cluster = new FakeCluster();
    const key = started(cluster, mode);
    cluster.edit('ConfigMap/ns/base', (object) => void (object.metadata.finalizers = ['acme.test/hold']));
    cluster.remove('ConfigMap/ns/base');
    cluster.edit('ConfigMap/ns/alone', (object) => void (object['data'] = { k: 'drift' }));
    cluster.log.length = 0;
    const { decision, instance } = settle(PAIR, key, cluster, { mode });
    expect(cluster.log).toEqual(['apply ConfigMap/ns/alone']);
    expect(decision.nodes.map(({ id, state }) => [id, state])).toEqual([
      ['base', 'blocked'],
      ['top', 'blocked'],
      ['alone', 'ready'],
    ]);
    const conditions = instance?.status?.['conditions'] as { type: string; reason: string; message: string }[];
    const ready = conditions.find(({ type }) => type === 'ResourcesReady');
    expect(ready?.reason).toBe('ResourceDeleting');
    expect(ready?.message).toContain('resource "ns/base" for node "base" is currently being deleted');
    expect(ready?.message).toContain('acme.test/hold');
    expect(instance?.status?.['state']).toBe('IN_PROGRESS');
    cluster.release('ConfigMap/ns/base');
    expect(settle(PAIR, key, cluster, { mode }).instance?.status?.['state']).toBe('ACTIVE');
  });
});

describe('failures', () => {
  const refused = { code: 422, reason: 'Invalid', message: 'ConfigMap "base" is invalid: data: no' };

  test('a refused write fails its node and blocks the nodes that read this node, and other nodes continue', () => {
    const cluster = new FakeCluster();
    cluster.refuse.set('ConfigMap/ns/base', refused);
    const key = putInstance(PAIR, cluster, 'a', { k: 'v' });
    const { decision, instance } = settle(PAIR, key, cluster);
    expect(decision.nodes.map(({ id, state }) => [id, state])).toEqual(
      [
        ['base', 'failed'],
        ['alone', 'ready'],
        ['top', 'blocked'],
      ].sort(
        (a, b) => decision.nodes.findIndex(({ id }) => id === a[0]) - decision.nodes.findIndex(({ id }) => id === b[0]),
      ),
    );
    expect(instance?.status?.['state']).toBe('ERROR');
    expect(JSON.stringify(instance?.status?.['conditions'])).toContain(
      'resource reconciliation failed: apply \\"base\\": ConfigMap',
    );
    expect(decision.requeueAt).toBe(Date.parse('2026-11-01T00:00:01Z'));
  });

  test('a failed write is retried after its pause, or at once when the desired object changes', () => {
    const cluster = new FakeCluster();
    cluster.refuse.set('ConfigMap/ns/base', refused);
    const key = putInstance(PAIR, cluster, 'a', { k: 'v' });
    settle(PAIR, key, cluster);
    cluster.refuse.clear();
    const later = decide(PAIR, cluster.get(key) as KubeObject, cluster, {
      step: { now: Date.parse('2026-11-01T00:00:02Z') },
    });
    expect(later.apply.map(({ nodeId }) => nodeId)).toEqual(['base']);
    expect(decide(PAIR, cluster.get(key) as KubeObject, cluster).apply).toEqual([]);
    cluster.edit(key, (object) => void (object.spec = { k: 'other' }));
    expect(settle(PAIR, key, cluster).instance?.status?.['state']).toBe('ACTIVE');
  });

  test('a missing permission is named with the RBAC rule to add', () => {
    const cluster = new FakeCluster();
    const permission = {
      verb: 'create',
      group: '',
      resource: 'configmaps',
      namespace: 'ns',
      user: 'system:serviceaccount:ns:x',
    };
    cluster.refuse.set('ConfigMap/ns/base', { code: 403, reason: 'Forbidden', message: 'forbidden', permission });
    const { instance } = settle(PAIR, putInstance(PAIR, cluster, 'a', { k: 'v' }), cluster);
    expect(JSON.stringify(instance?.status?.['conditions'])).toContain(
      JSON.stringify(
        '{apiGroups: [""], resources: ["configmaps"], verbs: ["create", "patch"]} for system:serviceaccount:ns:x',
      ).slice(1, -1),
    );
  });

  test('an error in an expression fails only its node', () => {
    const graph = graphOf(`
schema: {spec: {n: string}}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {n: "\${string(int(schema.spec.n) * 2)}"}}
  - id: plain
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: plain}, data: {k: v}}
`);
    const cluster = new FakeCluster();
    const { decision, instance } = settle(graph, putInstance(graph, cluster, 'a', { n: 'four' }), cluster);
    expect(decision.nodes.map(({ id, state }) => [id, state])).toEqual([
      ['c', 'failed'],
      ['plain', 'ready'],
    ]);
    expect(JSON.stringify(instance?.status?.['conditions'])).toContain('node \\"c\\": eval');
    expect(instance?.status?.['state']).toBe('ERROR');
  });

  test('two nodes that render the same object are both refused', () => {
    const graph = graphOf(`
schema: {spec: {a: string, b: string}}
resources:
  - id: left
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.a}"}, data: {s: l}}
  - id: right
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.b}"}, data: {s: r}}
`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { a: 'same', b: 'same' });
    const { instance, decision } = settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/same')).toBeUndefined();
    expect(decision.nodes.map(({ because }) => because.kind)).toEqual(['duplicate-target', 'duplicate-target']);
    const conditions = instance?.status?.['conditions'] as { type: string; message: string }[];
    expect(conditions.find(({ type }) => type === 'ResourcesReady')?.message).toBe(
      'duplicate resource in graph: executor: duplicate resource identity across nodes: nodes "left" and "right" both render v1/ConfigMap/ns/same',
    );
    expect(instance?.status?.['state']).toBe('ERROR');
    cluster.edit(key, (object) => void (object.spec = { a: 'same', b: 'other' }));
    expect(settle(graph, key, cluster).instance?.status?.['state']).toBe('ACTIVE');
  });
});

describe('ownership', () => {
  const existing = (labels: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'base', namespace: 'ns', labels },
    data: { k: 'theirs', other: 'kept' },
  });
  const other = { 'applyset.kubernetes.io/part-of': 'applyset-other-v1' };

  test.each([
    ['an unowned object is adopted', {}, {}, 'adopt', { k: 'v', other: 'kept' }],
    ['a refused adoption fails a node', {}, { adoption: 'refuse' as const }, 'failed', { k: 'theirs', other: 'kept' }],
    ['an object of another ApplySet is refused', other, {}, 'failed', { k: 'theirs', other: 'kept' }],
    ['a permitted takeover adopts', other, { adoption: 'takeOver' as const }, 'adopt', { k: 'v', other: 'kept' }],
    [
      'an object of another ApplySet is adopted when its node alone permits a takeover',
      other,
      { nodeAdoption: new Map([['base', 'takeOver' as const]]) },
      'adopt',
      { k: 'v', other: 'kept' },
    ],
  ])('%s', (_name, labels, options, outcome, data) => {
    const cluster = new FakeCluster();
    cluster.put(existing(labels));
    const key = putInstance(PAIR, cluster, 'a', { k: 'v' });
    const first = decide(PAIR, cluster.get(key) as KubeObject, cluster, { step: options });
    const write = first.apply.find(({ nodeId }) => nodeId === 'base')?.why;
    expect(write ?? first.nodes.find(({ id }) => id === 'base')?.state).toBe(outcome);
    settle(PAIR, key, cluster, { step: options });
    expect(cluster.get('ConfigMap/ns/base')?.['data']).toEqual(data);
  });

  test('the refusal names the object and both ApplySets', () => {
    const cluster = new FakeCluster();
    cluster.put(existing(other));
    const { instance } = settle(PAIR, putInstance(PAIR, cluster, 'a', { k: 'v' }), cluster);
    expect(JSON.stringify(instance?.status?.['conditions'])).toContain(
      'resource belongs to a different ApplySet: ns/base (/v1, Kind=ConfigMap) belongs to ApplySet \\"applyset-other-v1\\"',
    );
    expect(instance?.status?.['state']).toBe('ERROR');
  });

  test('other nodes may read a node whose object belongs to another ApplySet', () => {
    const cluster = new FakeCluster();
    cluster.put(existing(other));
    settle(PAIR, putInstance(PAIR, cluster, 'a', { k: 'v' }), cluster);
    expect(cluster.get('ConfigMap/ns/top')?.['data']).toEqual({ k: 'theirs' });
  });
});

describe('an object whose change is refused', () => {
  const graph = (readyWhen: string) =>
    graphOf(`
schema: {spec: {k: string}}
resources:
  - id: base
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: base}, data: {k: "\${schema.spec.k}"}}
${readyWhen}  - id: top
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: top}, data: {seen: "\${base.data.k}", own: "\${schema.spec.k}"}}
`);

  test.each([
    ['', ''],
    [' with a condition that its present state does not fulfil', '    readyWhen: ["${base.data.k == \'2\'}"]\n'],
  ])('blocks its readers, which keep their present state%s', (_name, readyWhen) => {
    const cluster = new FakeCluster();
    const key = putInstance(graph(''), cluster, 'a', { k: '1' });
    settle(graph(''), key, cluster);
    cluster.refuse.set('ConfigMap/ns/base', { code: 422, reason: 'Invalid', message: 'immutable' });
    cluster.edit(key, (object) => void (object.spec = { k: '2' }));
    const { instance } = settle(graph(readyWhen), key, cluster);
    expect(cluster.get('ConfigMap/ns/top')?.['data']).toEqual({ seen: '1', own: '1' });
    expect(instance?.status?.['state']).toBe('ERROR');
    cluster.refuse.clear();
    settle(graph(readyWhen), key, cluster, { step: { now: Date.parse('2027-01-01T00:00:00Z') } });
    expect(cluster.get('ConfigMap/ns/top')?.['data']).toEqual({ seen: '2', own: '2' });
  });
});

describe('a suspended instance', () => {
  test('writes no objects, keeps the status fields that its definition computes, and reports the suspension', () => {
    const graph = graphOf(`
schema: {spec: {k: string}, status: {k: "\${c.data.k}"}}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: "\${schema.spec.k}"}}
  - id: d
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: d}, data: {k: "\${c.data.k}"}}
`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { k: '1' });
    settle(graph, key, cluster);
    cluster.edit(key, (object) => {
      object.metadata.annotations = { ...object.metadata.annotations, 'kro.run/reconcile': 'Suspended' };
      object.spec = { k: '2' };
    });
    cluster.log.length = 0;
    const { instance, decision } = settle(graph, key, cluster);
    expect(cluster.log).toEqual([]);
    expect(decision.nodes[0]).toMatchObject({ state: 'blocked', because: { kind: 'suspended' } });
    const nodes = [{ id: 'c', state: 'blocked' }];
    expect(decision.nodes[1]).toMatchObject({ state: 'blocked', because: { kind: 'dependency', nodes } });
    expect(instance?.status).toMatchObject({ state: 'ACTIVE', k: '1' });
    expect(instance?.status?.['conditions']).toContainEqual(
      expect.objectContaining({
        type: 'ResourcesReady',
        status: 'False',
        reason: 'ReconciliationSuspended',
        message: 'reconciliation suspended via kro.run/reconcile annotation',
      }),
    );
    cluster.edit(key, (object) => void delete object.metadata.annotations?.['kro.run/reconcile']);
    expect(settle(graph, key, cluster).instance?.status).toMatchObject({ state: 'ACTIVE', k: '2' });
  });
});

describe("an author's conditions while the instance is suspended", () => {
  const condition = (type: string, test: string) =>
    `"\${runtime.newCondition({type: '${type}', status: ${test} ? 'True' : 'False'})}"`;

  test('do not change if they read nodes, and follow the instance if they read only the instance', () => {
    const graph = graphOf(`
schema:
  spec: {k: string}
  status:
    k: "\${c.data.k}"
    conditions:
      - ${condition('OfChild', "c.data.k == '1'")}
      - ${condition('OfSpec', "schema.spec.k == '1'")}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: "\${schema.spec.k}"}}
`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { k: '1' });
    const found = () =>
      readConditions(cluster.get(key)?.status?.['conditions']).map(({ type, status }) => `${type} ${status}`);
    settle(graph, key, cluster);
    expect(found()).toEqual(['OfChild True', 'OfSpec True']);
    cluster.edit(key, (object) => {
      object.metadata.annotations = { ...object.metadata.annotations, 'kro.run/reconcile': 'suspended' };
      object.spec = { k: '2' };
    });
    cluster.edit('ConfigMap/ns/c', (object) => void (object['data'] = { k: 'theirs' }));
    settle(graph, key, cluster);
    expect(found().toSorted()).toEqual(['OfChild True', 'OfSpec False']);
    cluster.edit(key, ({ metadata }) => void delete metadata.annotations?.['kro.run/reconcile']);
    settle(graph, key, cluster);
    expect(found()).toEqual(['OfChild False', 'OfSpec False']);
  });
});

describe('an instance that is suspended from the start', () => {
  test('gets its finalizer with an empty inventory, and the whole inventory when it is resumed', () => {
    const cluster = new FakeCluster();
    const key = putInstance(PAIR, cluster, 'a', { k: 'v' });
    cluster.edit(key, ({ metadata }) => void (metadata.annotations = { 'kro.run/reconcile': 'suspended' }));
    const kinds = () => cluster.get(key)?.metadata.annotations?.['applyset.kubernetes.io/contains-group-kinds'];
    settle(PAIR, key, cluster);
    expect(cluster.get(key)?.metadata.finalizers).toEqual(['kro.run/finalizer']);
    expect(kinds()).toBe('');
    cluster.edit(key, ({ metadata }) => void delete metadata.annotations?.['kro.run/reconcile']);
    settle(PAIR, key, cluster);
    expect(kinds()).toBe('ConfigMap');
  });
});

describe('the instance itself', () => {
  test('an invalid inventory on an instance without the finalizer stops all writes', () => {
    const cluster = new FakeCluster();
    const key = putInstance(PAIR, cluster, 'a', { k: 'v' });
    cluster.edit(
      key,
      (object) => void (object.metadata.annotations = { 'applyset.kubernetes.io/tooling': 'kro/devel' }),
    );
    const { decision, instance } = settle(PAIR, key, cluster);
    expect(CHILDREN.map((child) => cluster.get(child))).toEqual([undefined, undefined, undefined]);
    expect(decision.parent).toEqual({});
    expect(instance?.status?.['conditions']).toContainEqual(
      expect.objectContaining({ type: 'InstanceManaged', status: 'False', reason: 'ManagementFailed' }),
    );
    // As in kro, only objects that were read affect the state.
    expect(instance?.status?.['state']).toBe('ACTIVE');
    for (const type of ['GraphResolved', 'ResourcesReady']) {
      expect(decision.conditions.find((condition) => condition.type === type)).toMatchObject({
        status: 'Unknown',
        reason: 'AwaitingReconciliation',
      });
    }
  });

  test('an invalid inventory is completed with every kind that the graph can write, so that a retired object of such a kind is deleted', () => {
    const graph = graphOf(`
schema: {spec: {on: boolean}}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
  - id: s
    template: {apiVersion: v1, kind: Secret, metadata: {name: s}}
    includeWhen: ["\${schema.spec.on}"]
`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { on: true });
    settle(graph, key, cluster);
    cluster.edit(key, (object) => {
      const kinds = 'applyset.kubernetes.io/contains-group-kinds';
      object.metadata.annotations = { ...object.metadata.annotations, [kinds]: 'ConfigMap,.,' };
      object.spec = { on: false };
    });
    settle(graph, key, cluster);
    expect(cluster.keys()).toEqual([key, 'ConfigMap/ns/c']);
    expect(cluster.get(key)?.metadata.annotations?.['applyset.kubernetes.io/contains-group-kinds']).toBe('ConfigMap');
  });

  test('an inventory that only the field manager of the labels owns is applied again, by the field manager of inventories, after all other writes', () => {
    const cluster = new FakeCluster();
    const key = putInstance(PAIR, cluster, 'a', { k: 'v' });
    const { parent } = decide(PAIR, cluster.get(key) as KubeObject, cluster);
    cluster.apply(parent.labels as KubeObject, keys.LABEL_MANAGER);
    const next = decide(PAIR, cluster.get(key) as KubeObject, cluster);
    expect([next.parent, next.apply.length > 0]).toEqual([{}, true]);
    cluster.log.length = 0;
    settle(PAIR, key, cluster);
    expect(cluster.log).toEqual([
      'apply ConfigMap/ns/base',
      'apply ConfigMap/ns/alone',
      'apply ConfigMap/ns/top',
      `apply ${key}`,
    ]);
  });

  test('children wait until the finalizer can be written', () => {
    const cluster = new FakeCluster();
    const key = putInstance(PAIR, cluster, 'a', { k: 'v' });
    const type = { ...PAIR.instance };
    const failure = { code: 500, reason: 'InternalError', message: 'webhook is down' };
    const now = Date.parse('2026-11-01T00:00:00Z');
    const instance = cluster.get(key) as KubeObject;
    const { uid } = instance.metadata;
    cluster.fail({ type, name: 'a', namespace: 'ns' }, { digest: '', uid, failure, retryAt: now + 500 });
    const decision = decide(PAIR, instance, cluster);
    expect([decision.apply, decision.parent, decision.requeueAt]).toEqual([[], {}, now + 500]);
    expect(decision.conditions.find(({ type: name }) => name === 'InstanceManaged')?.message).toBe(
      'finalizer/labeling failed: webhook is down',
    );
  });

  test('labels and a finalizer that another client removed are applied again, together with the inventory', () => {
    const cluster = new FakeCluster();
    const key = started(cluster);
    const id = 'applyset.kubernetes.io/id';
    cluster.edit(key, (object) => {
      object.metadata.labels = { mine: 'x', [id]: object.metadata.labels?.[id] ?? '' };
      object.metadata.finalizers = ['acme.test/other'];
    });
    const instance = cluster.get(key) as KubeObject;
    const decision = decide(PAIR, instance, cluster);
    expect(decision.parent.labels?.metadata).toMatchObject({
      uid: instance.metadata.uid,
      resourceVersion: instance.metadata.resourceVersion,
      finalizers: ['kro.run/finalizer'],
      annotations: { 'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap' },
    });
  });
});
