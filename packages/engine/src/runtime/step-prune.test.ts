import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { conditionOf, decide, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { KubeObject } from '@typekro/kit/core';
import { type Decision, type Observations, step } from './index.ts';

const config = (id: string, name: string, more = '') =>
  `  - id: ${id}\n    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}${more}}\n`;
const graphWith = (resources: string) =>
  graphOf(`schema: {spec: {name: string | default="x", on: boolean | default=true}}\nresources:\n${resources}`);

function inventory(cluster: FakeCluster, key: string): string | undefined {
  return cluster.get(key)?.metadata.annotations?.['applyset.kubernetes.io/contains-group-kinds'];
}

describe('retired objects', () => {
  test('of a removed node are deleted, and then the inventory shrinks', () => {
    const before = graphWith(
      config('top', 'top') + '  - id: lock\n    template: {apiVersion: v1, kind: Secret, metadata: {name: lock}}\n',
    );
    const after = graphWith('  - id: lock\n    template: {apiVersion: v1, kind: Secret, metadata: {name: lock}}\n');
    const cluster = new FakeCluster();
    const key = putInstance(before, cluster, 'a', {});
    settle(before, key, cluster);
    expect(inventory(cluster, key)).toBe('ConfigMap,Secret');
    cluster.log.length = 0;
    const inventories: (string | undefined)[] = [];
    settle(after, key, cluster, { onDecision: () => inventories.push(inventory(cluster, key)) });
    expect(cluster.log).toEqual(['delete ConfigMap/ns/top', 'gone ConfigMap/ns/top', `apply ${key}`]);
    expect(inventories[0]).toBe('ConfigMap,Secret');
    expect(inventory(cluster, key)).toBe('Secret');
  });

  test('when the name of an object changes, the new object exists before the old one is deleted', () => {
    const graph = graphWith(config('c', '${schema.spec.name}'));
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { name: 'old' });
    settle(graph, key, cluster);
    cluster.log.length = 0;
    cluster.edit(key, (object) => void (object.spec = { name: 'new' }));
    settle(graph, key, cluster);
    expect(cluster.log).toEqual(['apply ConfigMap/ns/new', 'delete ConfigMap/ns/old', 'gone ConfigMap/ns/old']);
  });

  describe('of a kind that is not listed yet', () => {
    const lock = '  - id: lock\n    template: {apiVersion: v1, kind: Secret, metadata: {name: lock}}\n';
    const [before, after] = [graphWith(config('top', 'top') + lock), graphWith(lock)];
    const now = Date.parse('2026-11-01T00:00:00Z');
    const failure = { code: 503, reason: 'ServiceUnavailable', message: 'later' };

    test.each<[string, Observations.ListObservation, Partial<Decision>, string]>([
      ['a retry is scheduled', { state: 'failed', failure, retryAt: now + 7000 }, { requeueAt: now + 7000 }, 'later'],
      ['a watch reports the next change', { state: 'failed', failure }, {}, 'later'],
      ['the first list is pending', { state: 'unknown' }, { read: [expect.objectContaining({ why: 'prune' })] }, ''],
    ])(
      'stay in the cluster and in the inventory until the kind is listed: %s',
      (_name, observation, expected, message) => {
        const cluster = new FakeCluster();
        const key = putInstance(before, cluster, 'a', {});
        settle(before, key, cluster);
        const view = cluster.view(after);
        const observed: Observations.Observed = {
          ...view,
          members: (target) => (target.kind === 'ConfigMap' ? observation : view.members(target)),
        };
        const decision = step(after, cluster.get(key) as KubeObject, observed, { now, definitionUid: 'rgd' });
        expect(decision).toMatchObject({ parent: {}, apply: [], delete: [], ...expected });
        expect(decision.parent.inventory).toBeUndefined();
        expect(decision.requeueAt).toBe(expected.requeueAt);
        expect(decision.conditions.find(({ type }) => type === 'ResourcesReady')?.message).toContain(message);
        settle(after, key, cluster);
        expect(cluster.keys().filter((name) => !name.startsWith('App'))).toEqual(['Secret/ns/lock']);
        expect(inventory(cluster, key)).toBe('Secret');
      },
    );
  });

  test.each<[string, Observations.ListObservation, string[]]>([
    ['not read yet', { state: 'unknown' }, []],
    [
      'not allowed to be read',
      { state: 'failed', failure: { code: 403, reason: 'Forbidden', message: 'no' } },
      ['base'],
    ],
  ])(
    'a kind whose first list is pending delays deletions of other kinds, but a failed list does not: %s',
    (_what, observation, deleted) => {
      const lock =
        '  - id: lock\n    template: {apiVersion: v1, kind: Secret, metadata: {name: lock, annotations: {a: "${base.metadata.name}"}}}\n';
      const kept = '  - id: kept\n    template: {apiVersion: v1, kind: ServiceAccount, metadata: {name: kept}}\n';
      const before = graphWith(config('base', 'base') + lock + kept);
      const after = graphWith(kept);
      const cluster = new FakeCluster();
      const key = putInstance(before, cluster, 'a', {});
      settle(before, key, cluster);
      const view = cluster.view(after);
      const observed: Observations.Observed = {
        ...view,
        members: (target) => (target.kind === 'Secret' ? observation : view.members(target)),
      };
      const now = Date.parse('2026-11-01T00:00:00Z');
      const decision = step(after, cluster.get(key) as KubeObject, observed, { now, definitionUid: 'rgd' });
      expect(decision.delete.map(({ target }) => target.name)).toEqual(deleted);
    },
  );

  test('the old object stays while the server refuses the new one', () => {
    const graph = graphWith(config('c', '${schema.spec.name}'));
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { name: 'old' });
    settle(graph, key, cluster);
    cluster.refuse.set('ConfigMap/ns/new', { code: 403, reason: 'Forbidden', message: 'no' });
    cluster.edit(key, (object) => void (object.spec = { name: 'new' }));
    const { decision } = settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/old')).toBeDefined();
    expect(decision.nodes.at(-1)).toMatchObject({
      id: 'c',
      state: 'blocked',
      because: { kind: 'retired', heldBy: ['c'] },
    });
  });

  describe('next to an object whose update fails, at level 0.9', () => {
    // Each object of `row` depends on an object of `base`, and has the field `t`, whose change the server may refuse.
    const rows = (text: string) =>
      graphOf(
        `
schema: {spec: {names: "[]string", text: string, on: boolean | default=true}}
resources:
  - id: base
    forEach: [{n: "\${schema.spec.names}"}]
    template: {apiVersion: v1, kind: Secret, metadata: {name: "base-\${n}"}, stringData: {k: v}}
  - id: row
    forEach: [{b: "\${base}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${b.metadata.name}"}, data: {t: "${text}"}}
  - id: extra
    includeWhen: ["\${schema.spec.on}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: extra}}
`,
        { kroCompatibility: '0.9' },
      );
    const graph = rows('${schema.spec.text}');
    const invalid = { code: 422, reason: 'Invalid', message: 'field is immutable' };
    const built = () => {
      const cluster = new FakeCluster();
      const key = putInstance(graph, cluster, 'a', { names: ['x', 'y', 'z'], text: 'one', on: true });
      settle(graph, key, cluster);
      return { cluster, key };
    };
    const change = (cluster: FakeCluster, key: string, spec: object) =>
      cluster.edit(key, (object) => void (object.spec = { ...object.spec, ...spec }));
    const children = (cluster: FakeCluster) => cluster.keys().filter((name) => !name.startsWith('App'));

    test.each([
      [422, 'Invalid'],
      [403, 'Forbidden'],
      [400, 'BadRequest'],
    ])(
      'a refused update (%i) is reported, and the retired objects of its node and of the nodes on which it depends are deleted',
      (code, reason) => {
        const { cluster, key } = built();
        cluster.refuse.set('ConfigMap/ns/base-x', { ...invalid, code, reason });
        change(cluster, key, { names: ['x', 'y'], text: 'two', on: false });
        const { decision, instance } = settle(graph, key, cluster);
        expect(children(cluster)).toEqual([
          'ConfigMap/ns/base-x',
          'ConfigMap/ns/base-y',
          'Secret/ns/base-x',
          'Secret/ns/base-y',
        ]);
        expect(decision.nodes.find(({ id }) => id === 'row')).toMatchObject({
          state: 'failed',
          because: { kind: 'write-failed', failure: { code } },
        });
        expect(conditionOf(instance, 'ResourcesReady')).toMatchObject({ status: 'False' });
        expect(conditionOf(instance, 'ResourcesReady')?.message).toContain(invalid.message);
      },
    );

    test.each([
      [500, 'InternalError'],
      [409, 'Conflict'],
      [429, 'TooManyRequests'],
      [0, 'Timeout'],
    ])('retired objects stay until an update that may succeed later (%i) has succeeded', (code, reason) => {
      const { cluster, key } = built();
      cluster.refuse.set('ConfigMap/ns/base-x', { ...invalid, code, reason });
      change(cluster, key, { names: ['x', 'y'], text: 'two' });
      settle(graph, key, cluster);
      expect(children(cluster)).toContain('ConfigMap/ns/base-z');
      cluster.refuse.clear();
      settle(graph, key, cluster, { step: { now: Date.parse('2026-11-01T00:01:00Z') } });
      expect(children(cluster).filter((name) => name.endsWith('z'))).toEqual([]);
    });

    test('retired objects stay while the server refuses to create an object', () => {
      const { cluster, key } = built();
      cluster.refuse.set('ConfigMap/ns/base-w', invalid);
      change(cluster, key, { names: ['x', 'y', 'w'] });
      settle(graph, key, cluster);
      expect(children(cluster).filter((name) => name.endsWith('z'))).toEqual([
        'ConfigMap/ns/base-z',
        'Secret/ns/base-z',
      ]);
    });

    test('the inventory shrinks after the retired objects have disappeared', () => {
      const { cluster, key } = built();
      const plain = graphOf(`
schema: {spec: {names: "[]string", text: string, on: boolean | default=true}}
resources:
  - id: row
    forEach: [{n: "\${schema.spec.names}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "base-\${n}"}, data: {t: "\${schema.spec.text}"}}
`);
      cluster.refuse.set('ConfigMap/ns/base-x', invalid);
      change(cluster, key, { text: 'two' });
      settle(plain, key, cluster);
      expect(inventory(cluster, key)).toBe('ConfigMap');
    });

    test('while the remaining items of a collection cannot be rendered, retired items are deleted only if every remaining item has an object', () => {
      const { cluster, key } = built();
      change(cluster, key, { names: ['x', 'y'] });
      settle(rows("${1 / 0 == 1 ? 'a' : 'b'}"), key, cluster);
      expect(children(cluster).filter((name) => name.endsWith('z'))).toEqual(['Secret/ns/base-z']);
      change(cluster, key, { names: ['x', 'w'] });
      settle(rows("${1 / 0 == 1 ? 'a' : 'b'}"), key, cluster);
      expect(children(cluster)).toContain('ConfigMap/ns/base-y');
    });
  });

  test('an unrelated node that waits does not keep retired objects', () => {
    const graph = graphWith(
      '  - id: p\n    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}}\n    readyWhen: ["${p.status.running}"]\n' +
        '  - id: late\n    template: {apiVersion: v1, kind: Secret, metadata: {name: late}, stringData: {a: "${p.status.address}"}}\n' +
        `  - id: c\n    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n    includeWhen: ["\${schema.spec.on}"]\n`,
    );
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { on: true });
    settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/c')).toBeDefined();
    cluster.edit(key, (object) => void (object.spec = { on: false }));
    const { instance } = settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/c')).toBeUndefined();
    expect(instance?.status?.['state']).toBe('IN_PROGRESS');
  });

  test('an object that a waiting node may still want is kept', () => {
    const before = graphWith(
      '  - id: p\n    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}}\n' +
        config('old', 'shared'),
    );
    const after = graphWith(
      '  - id: p\n    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}}\n' +
        config('fresh', '${p.status.address}'),
    );
    const cluster = new FakeCluster();
    const key = putInstance(before, cluster, 'a', {});
    settle(before, key, cluster);
    const uid = cluster.get('ConfigMap/ns/shared')?.metadata.uid;
    const waiting = settle(after, key, cluster);
    expect(waiting.decision.nodes.at(-1)).toMatchObject({
      id: 'old',
      state: 'blocked',
      because: { heldBy: ['fresh'] },
    });
    cluster.edit('Pump.parts.test/ns/p', (pump) => void (pump.status = { address: 'shared' }));
    settle(after, key, cluster);
    expect(cluster.get('ConfigMap/ns/shared')?.metadata).toMatchObject({ uid, labels: { 'kro.run/node-id': 'fresh' } });
  });

  test('the condition Ready names a retired object that finalizers keep, and is False until the object is gone', () => {
    const before = graphWith(config('c', '${schema.spec.name}'));
    const cluster = new FakeCluster();
    const key = putInstance(before, cluster, 'a', { name: 'old' });
    settle(before, key, cluster);
    cluster.edit('ConfigMap/ns/old', (object) => void (object.metadata.finalizers = ['acme.test/hold']));
    cluster.edit(key, (object) => void (object.spec = { name: 'new' }));
    const { decision, instance } = settle(before, key, cluster);
    expect(decision.nodes.at(-1)).toMatchObject({
      state: 'deleting',
      objects: [{ state: 'deleting', finalizers: ['acme.test/hold'], deletingSince: '2026-01-01T00:00:00Z' }],
    });
    expect(instance?.status?.['state']).toBe('ACTIVE');
    expect(decision.watch.map(({ target }) => 'name' in target && target.name)).toContain('old');
    const ready = () => decide(before, cluster.get(key) as KubeObject, cluster).conditions.at(-1);
    expect(ready()).toMatchObject({ type: 'Ready', status: 'False', reason: 'NotReady' });
    expect(ready()?.message).toContain('"ns/old" (since 2026-01-01T00:00:00Z, held by finalizers acme.test/hold)');
    cluster.edit('ConfigMap/ns/old', (object) => void (object.metadata.finalizers = []));
    cluster.remove('ConfigMap/ns/old');
    settle(before, key, cluster);
    expect(ready()).toMatchObject({ status: 'True', reason: 'Ready' });
  });

  test('an object that finalizers delay stays in the inventory, but does not affect readiness when no node writes its kind', () => {
    const graph = graphWith(
      config('c', 'c') +
        `  - id: lock\n    template: {apiVersion: v1, kind: Secret, metadata: {name: lock}}\n    includeWhen: ["\${schema.spec.on}"]\n`,
    );
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { on: true });
    settle(graph, key, cluster);
    cluster.edit('Secret/ns/lock', (object) => void (object.metadata.finalizers = ['acme.test/hold']));
    cluster.edit(key, (object) => void (object.spec = { on: false }));
    const { decision } = settle(graph, key, cluster);
    expect(cluster.get('Secret/ns/lock')?.metadata.deletionTimestamp).toBeDefined();
    expect(decision.conditions.at(-1)).toMatchObject({ status: 'True', reason: 'Ready' });
    expect(inventory(cluster, key)).toBe('ConfigMap,Secret');
  });

  test('a refused deletion is reported, and its retry is scheduled', () => {
    const graph = graphWith(config('c', '${schema.spec.name}'));
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { name: 'old' });
    settle(graph, key, cluster);
    cluster.refuse.set('ConfigMap/ns/old', { code: 403, reason: 'Forbidden', message: 'may not delete' });
    cluster.edit(key, (object) => void (object.spec = { name: 'new' }));
    const { decision } = settle(graph, key, cluster);
    expect(decision.conditions.find(({ type }) => type === 'ResourcesReady')?.message).toBe(
      'prune of retired resources failed: prune failed: may not delete',
    );
    expect(decision.requeueAt).toBe(Date.parse('2026-11-01T00:00:01Z'));
  });

  test('a kind that the server does not serve has no retired objects', () => {
    const before = graphWith(
      '  - id: p\n    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}}\n' + config('c', 'c'),
    );
    const after = graphWith(config('c', 'c'));
    const cluster = new FakeCluster();
    const key = putInstance(before, cluster, 'a', {});
    settle(before, key, cluster);
    cluster.unserved.add('Pump.parts.test');
    const { decision } = settle(after, key, cluster);
    expect(decision.quiet).toBe(true);
    expect(inventory(cluster, key)).toBe('ConfigMap');
  });

  test('objects of other owners are never deleted', () => {
    const graph = graphWith(config('c', '${schema.spec.name}'));
    const cluster = new FakeCluster();
    const foreign: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'foreign',
        namespace: 'ns',
        labels: { 'applyset.kubernetes.io/part-of': 'applyset-x-v1', 'kro.run/node-id': 'c' },
      },
    };
    cluster.put(foreign);
    const key = putInstance(graph, cluster, 'a', { name: 'x' });
    settle(graph, key, cluster);
    cluster.edit(key, (object) => void (object.spec = { name: 'y' }));
    settle(graph, key, cluster);
    expect(cluster.get('ConfigMap/ns/foreign')).toBeDefined();
  });

  test('no retired object is deleted before every kind of the inventory has been listed', () => {
    const graph = graphWith(config('c', '${schema.spec.name}'));
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { name: 'old' });
    settle(graph, key, cluster);
    cluster.edit(key, (object) => void (object.spec = { name: 'new' }));
    cluster.forget();
    const decision = decide(graph, cluster.get(key) as KubeObject, cluster, { lazy: true });
    expect(decision.delete).toEqual([]);
    expect(decision.read).toContainEqual(
      expect.objectContaining({
        kind: 'members',
        why: 'prune',
        target: expect.objectContaining({ kind: 'ConfigMap', namespaces: ['ns'] }),
      }),
    );
  });
});
