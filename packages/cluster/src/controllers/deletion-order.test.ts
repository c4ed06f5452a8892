import { describe, expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import type { KubeObject } from '@typekro/kit/core';
import { firstBatch } from './simulated-controller.ts';

const map = (name: string, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
});
const NAMESPACE = 'v1 Namespace';

describe('a foreground deletion', () => {
  /** Creates ConfigMaps that own each other. Each pair has the letters of a dependent and of its owner. */
  async function story(pairs: readonly string[], block = true) {
    const cluster = await startClusterStory();
    const names = new Set(pairs.join(''));
    const uids = new Map<string, string>();
    for (const name of names) uids.set(name, (await cluster.create(map(name))).metadata.uid ?? '');
    for (const name of names) {
      const ownerReferences = pairs
        .filter((pair) => pair.startsWith(name))
        .map(([, owner = '']) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: owner,
          uid: uids.get(owner) ?? '',
          blockOwnerDeletion: block,
        }));
      await cluster.patch('v1 ConfigMap', name, { metadata: { ownerReferences } });
    }
    return cluster;
  }

  test.each([
    ['two objects', ['ab', 'ba'], []],
    ['three objects', ['ba', 'cb', 'ac'], []],
    ['four objects, and a dependent outside the cycle', ['ba', 'cb', 'dc', 'ad', 'tc'], []],
    ['two objects, and another owner outside the cycle', ['ab', 'ba', 'bk'], ['b', 'k']],
  ] as const)('terminates for a cycle of owners: %s', async (_, pairs, kept) => {
    for (const block of [true, false]) {
      await using cluster = await story(pairs, block);
      await cluster.remove('v1 ConfigMap', 'a', { propagationPolicy: 'Foreground' });
      const names = await cluster.names('v1 ConfigMap');
      expect(names.filter((name) => name !== 'kube-root-ca.crt')).toEqual(kept);
    }
  });

  test('waits for the finalizers in a cycle of owners', async () => {
    await using cluster = await story(['ba', 'ab']);
    await cluster.patch('v1 ConfigMap', 'b', { metadata: { finalizers: ['example.com/wait'] } });
    await cluster.remove('v1 ConfigMap', 'a', { propagationPolicy: 'Foreground' });
    expect((await cluster.get('v1 ConfigMap', 'b')).metadata.deletionTimestamp).toBeDefined();
    await cluster.patch('v1 ConfigMap', 'b', { metadata: { finalizers: null } });
    expect(await cluster.find('v1 ConfigMap', 'a')).toBeUndefined();
    expect(await cluster.find('v1 ConfigMap', 'b')).toBeUndefined();
  });
});

test('a cluster-scoped object is kept, and blocks a foreground deletion, if it names a namespaced owner', async () => {
  await using story = await startClusterStory();
  const { uid = '' } = (await story.create(map('owner'))).metadata;
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, blockOwnerDeletion: true };
  const metadata = { name: 'kept', ownerReferences: [owner, { ...owner, name: 'none', uid: 'none' }] };
  const kinds = ['v1 Namespace', 'v1 PersistentVolume', 'rbac.authorization.k8s.io/v1 ClusterRole'].map((each) =>
    each.split(' '),
  );
  const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } };
  for (const [apiVersion = '', kind = ''] of kinds)
    await story.create({ apiVersion, kind, metadata, ...(kind === 'PersistentVolume' ? { spec } : {}) });
  await story.remove('v1 ConfigMap', 'owner', { propagationPolicy: 'Foreground' });
  expect(await story.find('v1 ConfigMap', 'owner')).toBeDefined();
  for (const kind of kinds) {
    expect(await story.find(kind.join(' '), 'kept')).toMatchObject({ metadata });
    await story.remove(kind.join(' '), 'kept');
  }
  expect(await story.find('v1 ConfigMap', 'owner')).toBeUndefined();
  expect(new Set(await story.reasons('kept'))).toEqual(new Set(['OwnerRefInvalidNamespace']));
});

describe('the deletion of a namespace', () => {
  test.each(['foregroundDeletion', 'orphan'])('removes objects that wait for the finalizer %s', async (finalizer) => {
    await using story = await startClusterStory();
    await story.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } });
    const [first, second] = [
      await story.create(map('first', { namespace: 'a', finalizers: [finalizer] })),
      await story.create(map('second', { namespace: 'a', finalizers: [finalizer] })),
    ];
    const ownedBy = ({ metadata: { name = '', uid = '' } }: KubeObject) => ({
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }] },
    });
    await story.patch('v1 ConfigMap', 'first', ownedBy(second), 'a');
    await story.patch('v1 ConfigMap', 'second', ownedBy(first), 'a');
    story.cluster.controllers.hold('generic-garbage-collector');
    for (const name of ['first', 'second']) {
      const ref = { apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'a' };
      await story.client.delete(
        ref,
        finalizer === 'orphan' ? { propagationPolicy: 'Orphan' } : { propagationPolicy: 'Foreground' },
      );
    }
    await story.cluster.idle();
    expect(await story.names('v1 ConfigMap', 'a')).toEqual(expect.arrayContaining(['first', 'second']));
    await story.remove('v1 Namespace', 'a');
    expect(await story.find('v1 Namespace', 'a', '')).toBeUndefined();
  });

  test('removes the other objects after all pods are gone', async () => {
    await using cluster = await startClusterStory();
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
    await cluster.create(map('settings', { namespace: 'n' }));
    const pod: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'n', finalizers: ['example.com/wait'] },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    await cluster.create(pod);
    await cluster.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'n' });
    await cluster.advance(60);
    expect((await cluster.get('v1 Pod', 'p', 'n')).metadata.deletionTimestamp).toBeDefined();
    expect((await cluster.get('v1 ConfigMap', 'settings', 'n')).metadata.deletionTimestamp).toBeUndefined();
    const waiting = await cluster.client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'n' });
    expect(waiting.status).toMatchObject({
      phase: 'Terminating',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'NamespaceDeletionContentFailure', status: 'False' }) as unknown,
      ]) as unknown,
    });
    await cluster.patch('v1 Pod', 'p', { metadata: { finalizers: null } }, 'n');
    expect(await cluster.find('v1 ConfigMap', 'settings', 'n')).toBeUndefined();
    expect(await cluster.find(NAMESPACE, 'n', '')).toBeUndefined();
  });
});

test('an object is kept when the kind of its owner was never served, and is deleted when the CustomResourceDefinition of its owner is deleted', async () => {
  await using story = await startClusterStory();
  const owner = { apiVersion: 'e.example/v1', kind: 'Thing', name: 't', uid: 'u' };
  await story.create(map('kept', { ownerReferences: [owner] }));
  expect(await story.names('v1 ConfigMap')).toContain('kept');
  await story.client.create(crdOf('Thing', ANYTHING, { group: 'e.example' }));
  await story.cluster.idle();
  // The kind of the owner is served now, so the garbage collector knows that the owner is absent.
  await story.patch('v1 ConfigMap', 'kept', { metadata: { labels: { a: 'b' } } });
  expect(await story.names('v1 ConfigMap')).not.toContain('kept');
  const thing = await story.create({ apiVersion: 'e.example/v1', kind: 'Thing', metadata: { name: 'own' } });
  await story.create(map('dependent', { ownerReferences: [{ ...owner, name: 'own', uid: thing.metadata.uid ?? '' }] }));
  expect(await story.names('v1 ConfigMap')).toContain('dependent');
  await story.client.delete({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: 'things.e.example',
  });
  await story.cluster.idle();
  expect(await story.names('v1 ConfigMap')).not.toContain('dependent');
});

/** The maximum number of changes between two turns of the event loop, until the controllers are idle. */
async function longestTurn({ cluster }: ClusterStory, begin: Promise<unknown>) {
  const state = { isOver: false, changes: 0 };
  const version = () => Number(cluster.snapshot().resourceVersion);
  void begin.then(() => cluster.idle()).finally(() => (state.isOver = true));
  for (let last = version(); !state.isOver; last = version()) {
    await new Promise(setImmediate);
    state.changes = Math.max(state.changes, version() - last);
  }
  return state.changes;
}

test.each<['Foreground' | 'Orphan' | 'Namespace' | 'Definition', number]>([
  ['Foreground', 0],
  ['Orphan', 700],
  ['Namespace', 0],
  ['Definition', 0],
])('the deletion of 700 dependents leaves turns to others: %s', async (policy, left) => {
  await using story = await startClusterStory();
  await story.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
  await story.create(crdOf('Box', ANYTHING, { names: { plural: 'boxes' } }));
  const box = (name: string, metadata: object = {}) => ({
    apiVersion: 'example.com/v1',
    kind: 'Box',
    metadata: { name, namespace: 'n', ...metadata },
  });
  const owner = { apiVersion: 'example.com/v1', kind: 'Box', name: 'owner', namespace: 'n' };
  const { uid = '' } = (await story.create(box('owner'))).metadata;
  const ownerReferences = [{ apiVersion: 'example.com/v1', kind: 'Box', name: 'owner', uid, blockOwnerDeletion: true }];
  for (let index = 0; index < 700; index += 1) await story.client.create(box(`b${index}`, { ownerReferences }));
  await story.cluster.idle();
  const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  const begin = {
    Namespace: () => story.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'n' }),
    Definition: () => story.client.delete({ ...CRD, name: 'boxes.example.com' }),
    Foreground: () => story.client.delete(owner, { propagationPolicy: 'Foreground' }),
    Orphan: () => story.client.delete(owner, { propagationPolicy: 'Orphan' }),
  }[policy];
  expect(await longestTurn(story, begin())).toBeLessThan(250);
  const { collections } = story.cluster.snapshot();
  expect(collections.find(({ plural }) => plural === 'boxes')?.items ?? []).toHaveLength(left);
});

const COUNT = 40;
const selector = { matchLabels: { app: 'a' } };
/** A pod template of about 100 KB. */
const template = (restartPolicy: string) => ({
  metadata: { labels: selector.matchLabels },
  spec: {
    restartPolicy,
    containers: [
      {
        name: 'c',
        image: 'nginx',
        env: Array.from({ length: 1000 }, (_, index) => ({ name: `V${index}`, value: 'x'.repeat(60) })),
      },
    ],
  },
});

test.each<[kind: string, apiVersion: string, spec: object]>([
  ['Deployment', 'apps/v1', { replicas: COUNT, selector }],
  ['ReplicaSet', 'apps/v1', { replicas: COUNT, selector }],
  ['ReplicationController', 'v1', { replicas: COUNT }],
  ['StatefulSet', 'apps/v1', { replicas: COUNT, selector, serviceName: 's', podManagementPolicy: 'Parallel' }],
  ['Job', 'batch/v1', { parallelism: COUNT, completions: COUNT }],
])('the pods of a large template leave turns to others: %s', async (kind, apiVersion, spec) => {
  await using story = await startClusterStory();
  const { client } = story;
  const metadata = { name: 'w', namespace: 'default' };
  const pod = template(kind === 'Job' ? 'Never' : 'Always');
  const turns = [
    await longestTurn(story, client.create({ apiVersion, kind, metadata, spec: { ...spec, template: pod } })),
  ];
  const { items } = await client.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'default' });
  expect(items).toHaveLength(COUNT);
  turns.push(await longestTurn(story, client.delete({ apiVersion, kind, ...metadata })));
  expect(Math.max(...turns)).toBeLessThan(40);
});

test('a reconcile changes few large objects or many small ones, and at least one', () => {
  const objects = (length: number, size: number) =>
    Array.from({ length }, (_, index) => ({
      kind: 'A',
      apiVersion: 'v1',
      metadata: { name: `${index}` },
      text: 'x'.repeat(size),
    }));
  const taken = [
    [3, 10],
    [1000, 10],
    [50, 1e6],
    [2, 1e7],
    [0, 0],
  ].map(([length = 0, size = 0]) => firstBatch(objects(length, size)).length);
  expect(taken).toEqual([3, 100, 5, 1, 0]);
});
