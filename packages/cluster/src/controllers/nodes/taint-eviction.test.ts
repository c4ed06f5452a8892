import { describe, expect, test } from 'vitest';
import { type ClusterStory, podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';
import { evictionDelayMs } from '../../scheduling/taints.ts';
import { Store } from '../../store/store.ts';
import { type ControllerContext, ControllerClient, createIndexes } from '../controller-client.ts';
import { taintEvictionController } from './taint-eviction.ts';

const TAINT = { key: 'a', value: 'b', effect: 'NoExecute' };
const toleration = (more: JsonObject = {}): JsonObject => ({ ...TAINT, ...more });
const pod = (name: string, tolerations: readonly JsonObject[], metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], tolerations: [...tolerations] },
});
const setTaints = async (story: ClusterStory, ...taints: readonly JsonObject[]) => {
  await story.client.patch({ apiVersion: 'v1', kind: 'Node', name: 'fake-0' }, { spec: { taints: [...taints] } });
  await story.cluster.idle();
};
const messagesOf = async (story: ClusterStory) =>
  (await story.list('v1 Event'))
    .filter(({ reason }) => reason === 'TaintManagerEviction')
    .map(({ message }) => String(message))
    .toSorted();

describe('the delay before an eviction', () => {
  test.each<[string, readonly JsonObject[], readonly JsonObject[], number | undefined]>([
    ['without a toleration', [TAINT], [], 0],
    ['with a toleration for another taint', [TAINT], [toleration({ key: 'x' })], 0],
    ['with a toleration', [TAINT], [toleration()], undefined],
    ['with a toleration for a number of seconds', [TAINT], [toleration({ tolerationSeconds: 5 })], 5000],
    ['with a toleration for a negative number of seconds', [TAINT], [toleration({ tolerationSeconds: -5 })], 0],
    [
      'with several tolerations for one taint',
      [TAINT],
      [toleration(), toleration({ tolerationSeconds: 5 })],
      undefined,
    ],
    [
      'with several tolerated taints',
      [TAINT, { ...TAINT, key: 'c' }],
      [toleration({ tolerationSeconds: 9 }), toleration({ key: 'c', tolerationSeconds: 5 })],
      5000,
    ],
    [
      'with a second taint that is not tolerated',
      [TAINT, { ...TAINT, key: 'c' }],
      [toleration({ tolerationSeconds: 9 })],
      0,
    ],
  ])('%s', (_, taints, tolerations, expected) => {
    expect(evictionDelayMs(taints, { tolerations: [...tolerations] })).toBe(expected);
  });
});

test('after a node gets a taint, only the pods of this node are queued, and no collection is read', () => {
  const store = new Store();
  const indexes = createIndexes(store);
  store.subscribe((event) => indexes.nodes.take(event));
  const pods = store.collection('', 'pods');
  const on = (name: string, nodeName: string) => {
    const unbound = pod(name, [], { namespace: 'default' });
    pods.put(`default/${name}`, { ...unbound, spec: { ...unbound.spec, ...(nodeName === '' ? {} : { nodeName }) } });
  };
  for (const name of ['a', 'b', 'c']) on(name, '');
  on('a', 'n');
  on('b', 'm');
  const reads: string[] = [];
  const context = { store: { collection: (_: string, plural: string) => reads.push(plural) } };
  const client = new ControllerClient(context as unknown as ControllerContext, 'c', indexes);
  const keys: string[] = [];
  store.subscribe((event) => keys.push(...taintEvictionController().keysOf(event, client)));
  store
    .collection('', 'nodes')
    .put('n', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { taints: [TAINT] } });
  expect([keys, reads]).toEqual([['default/a'], []]);
  for (const name of ['a', 'b', 'c']) pods.remove(`default/${name}`);
  expect(indexes.nodes.size).toBe(0);
});

test('a taint evicts the pods that do not tolerate it', async () => {
  await using story = await startClusterStory();
  await story.create(pod('a', [], { finalizers: ['example.com/keep'] }));
  await story.create(pod('b', [toleration()]));
  await setTaints(story, { ...TAINT, effect: 'NoSchedule' });
  expect((await story.get('v1 Pod', 'a')).metadata.deletionTimestamp).toBeUndefined();
  await setTaints(story, TAINT);
  const evicted = await story.get('v1 Pod', 'a');
  expect(evicted.metadata.deletionTimestamp).toBeDefined();
  expect(conditionOf(evicted, 'DisruptionTarget')).toMatchObject({
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
  });
  await story.advance(600);
  expect((await story.get('v1 Pod', 'b')).metadata.deletionTimestamp).toBeUndefined();
  expect(await messagesOf(story)).toEqual(['Marking for deletion Pod default/a']);
});

test('pods are evicted after their tolerationSeconds, unless the taint is removed before', async () => {
  await using story = await startClusterStory();
  await story.create(pod('a', [toleration({ tolerationSeconds: 5 })]));
  await story.create(pod('b', [toleration({ tolerationSeconds: 25 })]));
  await setTaints(story, TAINT);
  await story.advance(4);
  expect(await story.names('v1 Pod')).toEqual(['a', 'b']);
  await story.advance(1);
  await story.advance(10);
  expect(await story.names('v1 Pod')).toEqual(['b']);
  await setTaints(story);
  expect(await messagesOf(story)).toContain('Cancelling deletion of Pod default/b');
  await story.advance(60);
  expect(await story.names('v1 Pod')).toEqual(['b']);
  expect(await messagesOf(story)).toEqual([
    'Cancelling deletion of Pod default/b',
    'Marking for deletion Pod default/a',
  ]);
});

test('a pod that is bound to a node with a taint is evicted after its tolerationSeconds', async () => {
  await using story = await startClusterStory();
  await setTaints(story, TAINT);
  await story.create(pod('a', [toleration({ tolerationSeconds: 5 })]));
  await story.create(pod('b', []));
  await story.advance(4);
  expect(await story.names('v1 Pod')).toEqual(['a', 'b']);
  await story.advance(60);
  expect(await story.names('v1 Pod')).toEqual(['b']);
  expect((await story.get('v1 Pod', 'b')).status?.['phase']).toBe('Pending');
});

test.each([0, 30])(
  'a new pod with the name of an evicted pod gets its full tolerationSeconds (grace period %i)',
  async (seconds) => {
    await using story = await startClusterStory();
    for (let round = 0; round < 2; round += 1) {
      const named = pod('a', [toleration({ tolerationSeconds: 5 })]);
      await story.create({ ...named, spec: { ...named.spec, terminationGracePeriodSeconds: seconds } });
      await setTaints(story, TAINT);
      await story.advance(4);
      expect((await story.get('v1 Pod', 'a')).metadata.deletionTimestamp).toBeUndefined();
      await story.advance(1);
      await story.advance(60);
      expect(await story.names('v1 Pod')).toEqual([]);
      await setTaints(story);
    }
  },
);

test.each<[string, string, number]>([
  ['keeps its existing pod on a node with a new NoSchedule taint', 'NoSchedule', 1],
  ['has no pod on a node with a NoExecute taint', 'NoExecute', 0],
])('a DaemonSet %s', async (_, effect, pods) => {
  await using story = await startClusterStory();
  const labels = { app: 'd' };
  const spec = { selector: { matchLabels: labels }, template: podTemplate(labels) };
  await story.create({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'd' }, spec });
  await setTaints(story, { ...TAINT, effect });
  await story.advance(60);
  expect(await story.names('v1 Pod')).toHaveLength(pods);
  expect((await story.get('apps/v1 DaemonSet', 'd')).status).toMatchObject({
    desiredNumberScheduled: 0,
    numberMisscheduled: pods,
  });
  await setTaints(story);
  await story.advance(60);
  expect(await story.names('v1 Pod')).toHaveLength(1);
});

describe('a DaemonSet whose node has a new taint with the effect NoSchedule', () => {
  const labels = { app: 'd' };
  const set = (spec: JsonObject = {}): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: labels }, template: podTemplate(labels), ...spec },
  });
  const newRevision = { template: { metadata: { annotations: { revision: '2' } } } };

  test('deletes its failed pod on this node, and creates no new pod there', async () => {
    await using story = await startClusterStory();
    await story.create(set());
    await setTaints(story, { ...TAINT, effect: 'NoSchedule' });
    const [name = ''] = await story.names('v1 Pod');
    const ref = { apiVersion: 'v1', kind: 'Pod', name, namespace: 'default' };
    await story.client.patch(ref, { status: { phase: 'Failed' } }, { subresource: 'status' });
    await story.advance(60);
    expect(await story.names('v1 Pod')).toEqual([]);
    await setTaints(story);
    expect(await story.names('v1 Pod')).toHaveLength(1);
  });

  test.each([
    ['deletes a pod of an old revision on this node', {}, 0],
    [
      'keeps a pod of an old revision on this node, with the strategy OnDelete',
      { updateStrategy: { type: 'OnDelete' } },
      1,
    ],
  ])('%s', async (_, spec, pods) => {
    await using story = await startClusterStory();
    await story.create(set(spec));
    await setTaints(story, { ...TAINT, effect: 'NoSchedule' });
    await story.patch('apps/v1 DaemonSet', 'd', { spec: newRevision });
    await story.advance(60);
    await story.advance(60);
    expect(await story.names('v1 Pod')).toHaveLength(pods);
  });
});
