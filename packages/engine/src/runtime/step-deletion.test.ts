import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { decide, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { KubeObject } from '@typekro/kit/core';
import { type Observations, Explanation } from './index.ts';
import { stepDeletion } from './deletion.ts';
import { instanceTarget } from './members.ts';

const TOWER = graphOf(`
schema: {}
resources:
  - id: base
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: base}, data: {k: v}}
  - id: middle
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: middle}, data: {k: "\${base.data.k}"}}
  - id: roof
    template: {apiVersion: v1, kind: Secret, metadata: {name: roof}, stringData: {k: "\${middle.data.k}"}}
  - id: shed
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: shed}}
`);

function built(): { cluster: FakeCluster; key: string } {
  const cluster = new FakeCluster();
  const key = putInstance(TOWER, cluster, 'a', {});
  settle(TOWER, key, cluster);
  cluster.log.length = 0;
  return { cluster, key };
}

function message(status: unknown): string | undefined {
  const { conditions } = status as { conditions: { type: string; message?: string }[] };
  return conditions.find(({ type }) => type === 'ResourcesReady')?.message;
}

function setPolicy(cluster: FakeCluster, key: string, policy: string): void {
  cluster.edit(key, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, 'typekro.dev/deletion-policy': policy };
  });
}

describe('deleting an instance', () => {
  test.each([{ lazy: false }, { lazy: true }])(
    'deletes wave by wave, and then removes the finalizer (%o)',
    (options) => {
      const { cluster, key } = built();
      cluster.forget();
      cluster.remove(key);
      expect(settle(TOWER, key, cluster, options).instance).toBeUndefined();
      expect(cluster.log).toEqual([
        'delete Secret/ns/roof',
        'gone Secret/ns/roof',
        'delete ConfigMap/ns/middle',
        'gone ConfigMap/ns/middle',
        'delete ConfigMap/ns/base',
        'gone ConfigMap/ns/base',
        'delete ConfigMap/ns/shed',
        'gone ConfigMap/ns/shed',
        `gone ${key}`,
      ]);
      expect(cluster.keys()).toEqual([]);
    },
  );

  test('the finalizer is not added again to a suspended instance that orphans its children', () => {
    const { cluster, key } = built();
    cluster.edit(key, ({ metadata }) => {
      metadata.annotations = {
        ...metadata.annotations,
        'typekro.dev/deletion-policy': 'orphan',
        'kro.run/reconcile': 'suspended',
      };
      metadata.finalizers = [];
    });
    const { decision, instance } = settle(TOWER, key, cluster);
    expect(instance?.metadata.finalizers).toEqual([]);
    expect(decision).toMatchObject({ finalizer: 'none', parent: {} });
  });

  test('a wave waits until every object of the higher wave has disappeared, and the message names their finalizers', () => {
    const { cluster, key } = built();
    cluster.edit('Secret/ns/roof', (object) => void (object.metadata.finalizers = ['acme.test/hold']));
    cluster.remove(key);
    const { decision, instance } = settle(TOWER, key, cluster);
    expect(instance?.status?.['state']).toBe('DELETING');
    expect(message(instance?.status)).toBe(
      'deleting resources: waiting for Secret v1 ns/roof (finalizers acme.test/hold; deleted at 2026-01-01T00:00:00Z)',
    );
    expect(instance?.status?.['conditions']).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'Unknown', reason: 'UnderDeletion' }),
    );
    expect(decision.nodes.map(({ id, state }) => [id, state])).toEqual([
      ['roof', 'deleting'],
      ['middle', 'blocked'],
      ['base', 'blocked'],
      ['shed', 'blocked'],
    ]);
    expect(decision.watch.map(({ nodeId }) => nodeId).sort()).toEqual(['base', 'middle', 'roof', 'shed']);
    expect(cluster.get('ConfigMap/ns/middle')).toBeDefined();
    cluster.release('Secret/ns/roof');
    expect(settle(TOWER, key, cluster).instance).toBeUndefined();
  });

  test('the message of a deletion without obstacles is the same for all waves', () => {
    const { cluster, key } = built();
    cluster.remove(key);
    const messages = new Set<string | undefined>();
    settle(TOWER, key, cluster, { onDecision: ({ status }) => messages.add(message(status)) });
    expect([...messages]).toEqual(['deleting resources']);
  });

  test('needs no graph, and finds children of removed nodes', () => {
    const { cluster, key } = built();
    cluster.remove(key);
    const instance = cluster.get(key) as KubeObject;
    const options = { now: 0 };
    const decision = stepDeletion(instance, cluster.view(graphOf('schema: {}\nresources: []')), options);
    expect(decision.delete.map(({ target, wave }) => [target.name, wave])).toEqual([['roof', 3]]);
    expect(decision.delete.every(({ uid }) => uid.startsWith('uid-'))).toBe(true);
  });

  test('works while the instance is suspended', () => {
    const { cluster, key } = built();
    cluster.edit(key, (object) => {
      object.metadata.annotations = { ...object.metadata.annotations, 'kro.run/reconcile': 'suspended' };
    });
    cluster.remove(key);
    expect(settle(TOWER, key, cluster).instance).toBeUndefined();
    expect(cluster.keys()).toEqual([]);
  });

  test('objects without a wave are deleted last', () => {
    const { cluster, key } = built();
    cluster.edit('ConfigMap/ns/base', (object) => void delete object.metadata.annotations);
    cluster.remove(key);
    settle(TOWER, key, cluster);
    expect(cluster.log.filter((entry) => entry.startsWith('delete'))).toEqual([
      'delete Secret/ns/roof',
      'delete ConfigMap/ns/middle',
      'delete ConfigMap/ns/shed',
      'delete ConfigMap/ns/base',
    ]);
  });

  test('nothing is deleted when another client edited the inventory', () => {
    const { cluster, key } = built();
    cluster.edit(key, (object) => {
      object.metadata.annotations = {
        ...object.metadata.annotations,
        'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap',
      };
    });
    cluster.remove(key);
    const { decision, instance } = settle(TOWER, key, cluster);
    expect([decision.delete, cluster.log]).toEqual([[], []]);
    expect(message(instance?.status)).toMatch(/^deletion blocked: validate deletion inventory: /);
  });

  test.each([
    ['orphan', []],
    [' Orphan ', []],
    ['delete', ['Secret/ns/roof', 'ConfigMap/ns/middle', 'ConfigMap/ns/base', 'ConfigMap/ns/shed']],
    ['', ['Secret/ns/roof', 'ConfigMap/ns/middle', 'ConfigMap/ns/base', 'ConfigMap/ns/shed']],
  ])('with the policy "%s" the step deletes %j', (policy, deleted) => {
    const { cluster, key } = built();
    setPolicy(cluster, key, policy);
    cluster.remove(key);
    expect(settle(TOWER, key, cluster).instance).toBeUndefined();
    expect(new Set(cluster.log.filter((entry) => entry.startsWith('delete')))).toEqual(
      new Set(deleted.map((name) => `delete ${name}`)),
    );
  });

  test('nothing is deleted while the policy is unknown', () => {
    const { cluster, key } = built();
    setPolicy(cluster, key, 'orphaned');
    cluster.remove(key);
    const { instance } = settle(TOWER, key, cluster);
    expect(cluster.log).toEqual([]);
    expect(message(instance?.status)).toBe(
      'deletion blocked: the annotation typekro.dev/deletion-policy is "orphaned", which is not a known policy: ' +
        'set it to "orphan" to leave the children behind, or remove it to have them deleted',
    );
    setPolicy(cluster, key, 'orphan');
    expect(settle(TOWER, key, cluster).instance).toBeUndefined();
    expect(cluster.log).toEqual([`gone ${key}`]);
  });

  test.each(['ConfigMap', 'Secret'])(
    'a failed list of %ss blocks the deletion, because members of the kind are unknown',
    (kind) => {
      const { cluster, key } = built();
      cluster.remove(key);
      const instance = cluster.get(key) as KubeObject;
      const view = cluster.view(TOWER);
      const now = Date.parse('2026-11-01T00:00:00Z');
      const failure = { code: 503, reason: 'ServiceUnavailable', message: 'later' };
      const observed: Observations.Observed = {
        ...view,
        members: (target) =>
          target.kind === kind ? { state: 'failed', failure, retryAt: now + 7000 } : view.members(target),
      };
      const decision = stepDeletion(instance, observed, { now }, TOWER);
      expect(decision).toMatchObject({
        parent: {},
        delete: [],
        finalizer: 'keep',
        blocked: [`list ${kind}: later`],
        requeueAt: now + 7000,
      });
      expect(decision.nodes.map(Explanation.of).map(({ reason }) => reason)).not.toContainEqual(
        expect.stringMatching(/waits for  /),
      );
      expect(decision.nodes.map(({ state }) => state)).not.toContain('deleting');
    },
  );

  test('a failed delete blocks the deletion and is named, but an unserved kind does not block', () => {
    const { cluster, key } = built();
    cluster.remove(key);
    cluster.unserved.add('Secret');
    cluster.refuse.set('ConfigMap/ns/shed', { code: 500, reason: 'InternalError', message: 'webhook is down' });
    const { decision, instance } = settle(TOWER, key, cluster);
    expect(message(instance?.status)).toBe('deletion blocked: delete ConfigMap v1 ns/shed: webhook is down');
    expect(decision.blocked).toEqual(['delete ConfigMap v1 ns/shed: webhook is down']);
    expect(decision.requeueAt).toBeDefined();
    cluster.refuse.clear();
    cluster.forget();
    expect(settle(TOWER, key, cluster).instance).toBeUndefined();
  });

  test('a refused removal of the finalizer is reported and retried after a pause', () => {
    const { cluster, key } = built();
    cluster.edit(key, (object) => void (object.metadata.annotations = { 'typekro.dev/deletion-policy': 'orphan' }));
    cluster.remove(key);
    const instance = cluster.get(key) as KubeObject;
    const failure = { code: 403, reason: 'Forbidden', message: 'webhook says no' };
    const { uid } = instance.metadata;
    cluster.fail(instanceTarget(instance, TOWER), { digest: '', uid, failure, retryAt: 1000 });
    const early = decide(TOWER, instance, cluster, { step: { now: 999 } });
    expect(early).toMatchObject({ parent: {}, finalizer: 'keep', quiet: true, requeueAt: 1000 });
    expect(message(early.status)).toBe('deletion blocked: remove the finalizer: webhook says no');
    const late = decide(TOWER, instance, cluster, { step: { now: 1000 } });
    expect(late).toMatchObject({ parent: { removeFinalizer: true }, finalizer: 'remove', quiet: false });
  });

  test('an instance without the finalizer is not changed', () => {
    const { cluster, key } = built();
    cluster.edit(key, (object) => void (object.metadata.finalizers = ['acme.test/other']));
    cluster.remove(key);
    const decision = decide(TOWER, cluster.get(key) as KubeObject, cluster);
    expect([decision.finalizer, decision.delete, decision.parent, decision.quiet]).toEqual(['none', [], {}, true]);
  });

  test('the status fields and conditions of the definition stay until the end', () => {
    const { cluster, key } = built();
    cluster.edit(key, (object) => {
      object.status = { url: 'x', state: 'ACTIVE', conditions: [{ type: 'Fitted', status: 'True' }] };
      object.metadata.finalizers = ['kro.run/finalizer'];
    });
    cluster.edit('Secret/ns/roof', (object) => void (object.metadata.finalizers = ['a/b']));
    cluster.remove(key);
    const authored = graphOf(`
schema: {status: {conditions: ["\${runtime.newCondition({type: 'Fitted', status: 'True'})}"]}}
resources: []
`);
    const { instance } = settle(authored, key, cluster);
    expect(instance?.status).toMatchObject({ url: 'x', state: 'DELETING' });
    const conditions = instance?.status?.['conditions'] as { type: string }[];
    expect(conditions.map(({ type }) => type)).toEqual(['Fitted', 'ResourcesReady']);
    expect(settle(authored, key, cluster).decision.statusChanged).toBe(false);
  });
});
