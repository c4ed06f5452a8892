import { describe, expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';
import type { StoreEvent } from '../store/store.ts';
import type { ControllerClient } from './controller-client.ts';
import { scheduler } from './scheduler.ts';

const GPU = 'example.com/gpu';
const pod = (name: string, gpus: number, spec: JsonObject = {}, metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: {
    containers: [
      { name: 'c', image: 'i', resources: { requests: { [GPU]: String(gpus) }, limits: { [GPU]: String(gpus) } } },
    ],
    ...spec,
  },
});
const priorityClass = (name: string, value: number): KubeObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
});

/** Starts a cluster with two priority classes. Its node has GPUs. */
async function startStory(gpus: number): Promise<ClusterStory> {
  const story = await startClusterStory();
  await setAllocatable(story, { [GPU]: String(gpus) });
  for (const [name, value] of [
    ['low', 1],
    ['high', 1000],
  ] as const) {
    await story.client.create(priorityClass(name, value));
  }
  return story;
}

async function setAllocatable(story: ClusterStory, allocatable: JsonObject): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Node', name: 'fake-0' };
  await story.client.patch(ref, { status: { capacity: allocatable, allocatable } }, { subresource: 'status' });
  await story.cluster.idle();
}
const phaseOf = async (story: ClusterStory, name: string) => (await story.find('v1 Pod', name))?.status?.['phase'];
const messageOf = async (story: ClusterStory, name: string) =>
  conditionOf(await story.get('v1 Pod', name), 'PodScheduled')?.['message'];
const FULL =
  `0/1 nodes are available: 1 Insufficient ${GPU}. ` +
  'no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.';

describe('a pod that fits no node', () => {
  test('starts as soon as another pod is deleted', async () => {
    await using story = await startStory(1);
    await story.create(pod('a', 1));
    await story.create(pod('b', 1));
    expect([await phaseOf(story, 'a'), await phaseOf(story, 'b')]).toEqual(['Running', 'Pending']);
    expect(conditionOf(await story.get('v1 Pod', 'b'), 'PodScheduled')).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message: FULL,
    });
    expect(await story.reasons('b')).toEqual(['FailedScheduling']);
    await story.remove('v1 Pod', 'a');
    expect(await phaseOf(story, 'b')).toBe('Running');
  });

  test('starts as soon as another pod has ended', async () => {
    await using story = await startStory(1);
    const annotations = { 'typekro.dev/simulate-run-seconds': '10' };
    await story.create(pod('a', 1, { restartPolicy: 'Never' }, { annotations }));
    await story.create(pod('b', 1));
    expect(await phaseOf(story, 'b')).toBe('Pending');
    await story.advance(10);
    expect([await phaseOf(story, 'a'), await phaseOf(story, 'b')]).toEqual(['Succeeded', 'Running']);
  });

  test('starts as soon as the node has more resources, together with all equal pods that fit', async () => {
    await using story = await startStory(0);
    for (const name of ['a', 'b', 'c']) await story.create(pod(name, 1));
    await setAllocatable(story, { [GPU]: '2' });
    const phases = [await phaseOf(story, 'a'), await phaseOf(story, 'b'), await phaseOf(story, 'c')];
    expect(phases.toSorted()).toEqual(['Pending', 'Running', 'Running']);
  });

  test('waits again after another client has removed its conditions', async () => {
    await using story = await startStory(1);
    await story.create(pod('a', 1));
    await story.create(pod('b', 1));
    const ref = { apiVersion: 'v1', kind: 'Pod', name: 'b', namespace: 'default' };
    await story.client.patch(ref, { status: { conditions: null } }, { subresource: 'status', type: 'merge' });
    await story.cluster.idle();
    expect(await messageOf(story, 'b')).toBe(FULL);
    await story.remove('v1 Pod', 'a');
    await story.advance(60);
    expect(await phaseOf(story, 'b')).toBe('Running');
  });

  test('starts even if an equal pod that was created earlier is held back by its annotation', async () => {
    await using story = await startStory(1);
    await story.create(pod('a', 1));
    await story.create(pod('b', 1));
    await story.create(pod('c', 1));
    await story.patch('v1 Pod', 'b', { metadata: { annotations: { 'typekro.dev/simulate-hold': 'true' } } });
    await story.remove('v1 Pod', 'a');
    await story.advance(60);
    expect([await phaseOf(story, 'b'), await phaseOf(story, 'c')]).toEqual(['Pending', 'Running']);
  });

  test('gets a new message when the node changes, even if it is not the first of equal pods', async () => {
    await using story = await startStory(0);
    for (const name of ['a', 'b']) await story.create(pod(name, 1));
    await story.client.patch({ apiVersion: 'v1', kind: 'Node', name: 'fake-0' }, { spec: { unschedulable: true } });
    await story.cluster.idle();
    for (const name of ['a', 'b']) expect(await messageOf(story, name)).toMatch(/1 node\(s\) were unschedulable/);
  });
});

test('after a change of a node, a limited number of waiting pods get new messages', async () => {
  await using story = await startStory(0);
  for (let index = 0; index < 15; index += 1) await story.create(pod(`a${index}`, 1));
  await story.client.patch({ apiVersion: 'v1', kind: 'Node', name: 'fake-0' }, { spec: { unschedulable: true } });
  await story.cluster.idle();
  const texts = (await story.list('v1 Pod')).map((each) => String(conditionOf(each, 'PodScheduled')?.['message']));
  expect(texts.filter((text) => text.includes('unschedulable'))).toHaveLength(10);
  await story.client.patch({ apiVersion: 'v1', kind: 'Node', name: 'fake-0' }, { spec: { unschedulable: null } });
  await setAllocatable(story, { [GPU]: '15' });
  expect((await story.list('v1 Pod')).map(({ status }) => status?.['phase'])).toEqual(Array(15).fill('Running'));
});

describe('the events of pods', () => {
  const node: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'fake-0', annotations: { 'typekro.dev/simulated': 'true' } },
  };
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'full' }];
  const event = (type: StoreEvent['type'], object: KubeObject): StoreEvent => {
    const stored = { key: `default/${object.metadata.name}`, object };
    return { type, collection: { group: '', plural: 'pods' }, stored, previous: stored } as unknown as StoreEvent;
  };
  const bound = (name: string) => ({ ...pod(name, 0), spec: { nodeName: 'fake-0' } });
  /** Returns a client that records its reads. */
  const countingClient = (reads: string[]) => {
    const read = (name: string) => () => {
      reads.push(name);
      return node;
    };
    return { get: read('get'), list: read('list') } as unknown as ControllerClient;
  };

  test('cause one search per node, which reads the node once', () => {
    const reads: string[] = [];
    const client = countingClient(reads);
    const controller = scheduler();
    const { search } = controller;
    const names = ['a', 'b', 'c'];
    for (const name of names) expect([...controller.keysOf(event('ADDED', bound(name)), client)]).toEqual([]);
    // Without waiting pods, there is no search.
    expect([...controller.keysOf(event('DELETED', bound('c')), client)]).toEqual([]);
    for (const name of ['w', 'x', 'y']) {
      expect([...controller.keysOf(event('MODIFIED', { ...pod(name, 0), status: { conditions } }), client)]).toEqual(
        [],
      );
    }
    const keys = new Set(['a', 'b'].flatMap((name) => [...controller.keysOf(event('DELETED', bound(name)), client)]));
    expect([keys.size, reads]).toEqual([1, []]);
    const found = [...keys].flatMap((key) => (search?.isKey(key) === true ? [...search.find(key, client)] : []));
    expect([found, reads]).toEqual([['default/w'], ['get']]);
  });
});

describe('preemption', () => {
  test('evicts a pod of lower priority, and reports the eviction', async () => {
    await using story = await startStory(2);
    await story.create(pod('victim', 1, { priorityClassName: 'low' }, { finalizers: ['example.com/keep'] }));
    await story.create(pod('other', 1, { priorityClassName: 'high' }));
    const preemptor = await story.create(pod('preemptor', 1, { priorityClassName: 'high' }));
    const victim = await story.get('v1 Pod', 'victim');
    expect(victim.metadata.deletionTimestamp).toBeDefined();
    expect(conditionOf(victim, 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
    });
    const [event] = (await story.list('v1 Event')).filter(({ reason }) => reason === 'Preempted');
    expect(event).toMatchObject({
      type: 'Normal',
      message: `Preempted by pod ${preemptor.metadata.uid} on node fake-0`,
      involvedObject: { name: 'victim' },
    });
    await story.advance(60);
    expect([await phaseOf(story, 'other'), await phaseOf(story, 'preemptor')]).toEqual(['Running', 'Running']);
    expect((await story.get('v1 Pod', 'preemptor')).status).not.toHaveProperty('nominatedNodeName');
  });

  test('starts the new pod at once if the victim has no grace period', async () => {
    await using story = await startStory(1);
    await story.create(pod('victim', 1, { priorityClassName: 'low', terminationGracePeriodSeconds: 0 }));
    await story.create(pod('preemptor', 1, { priorityClassName: 'high' }));
    expect(await story.names('v1 Pod')).toEqual(['preemptor']);
    expect(await phaseOf(story, 'preemptor')).toBe('Running');
    expect((await story.get('v1 Pod', 'preemptor')).status).not.toHaveProperty('nominatedNodeName');
  });

  test('reserves the resources of the victim for the preempting pod', async () => {
    await using story = await startStory(2);
    const replicaSet: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'low' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'low' } },
        template: { metadata: { labels: { app: 'low' } }, spec: { ...pod('', 1).spec, priorityClassName: 'low' } },
      },
    };
    await story.create(replicaSet);
    await story.create(pod('preemptor', 2, { priorityClassName: 'high' }));
    await story.advance(60);
    expect(await phaseOf(story, 'preemptor')).toBe('Running');
    const others = (await story.list('v1 Pod')).filter(({ metadata }) => metadata.name !== 'preemptor');
    expect(others.map(({ status }) => status?.['phase'])).toEqual(['Pending', 'Pending']);
    await story.remove('v1 Pod', 'preemptor');
    await story.advance(60);
    expect((await story.list('v1 Pod')).map(({ status }) => status?.['phase'])).toEqual(['Running', 'Running']);
  });

  test('starts for a waiting pod as soon as all pods of the node have lower priorities', async () => {
    await using story = await startStory(4);
    await story.create(pod('a', 2, { priorityClassName: 'high' }));
    await story.create(pod('b', 2, { priorityClassName: 'high' }));
    await story.create(pod('large', 4, { priorityClassName: 'high' }));
    await story.remove('v1 Pod', 'a');
    await story.advance(60);
    await story.create(pod('small', 2, { priorityClassName: 'low' }));
    expect([await phaseOf(story, 'small'), await phaseOf(story, 'large')]).toEqual(['Running', 'Pending']);
    await story.remove('v1 Pod', 'b');
    await story.advance(60);
    await story.advance(60);
    expect([await phaseOf(story, 'small'), await phaseOf(story, 'large')]).toEqual([undefined, 'Running']);
  });

  test('evicts no pod for a pod with the policy Never', async () => {
    await using story = await startStory(1);
    await story.client.create({ ...priorityClass('polite', 2000), preemptionPolicy: 'Never' });
    await story.create(pod('a', 1, { priorityClassName: 'low' }));
    await story.create(pod('b', 1, { priorityClassName: 'polite' }));
    await story.advance(60);
    expect([await phaseOf(story, 'a'), await phaseOf(story, 'b')]).toEqual(['Running', 'Pending']);
    expect(await messageOf(story, 'b')).toBe(
      `0/1 nodes are available: 1 Insufficient ${GPU}. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.`,
    );
  });

  test('lets a pod of higher priority take the nomination of another pod; the other pod starts when the resources are free again', async () => {
    await using story = await startStory(1);
    await story.client.create(priorityClass('highest', 5000));
    await story.create(pod('victim', 1, { priorityClassName: 'low' }, { finalizers: ['example.com/keep'] }));
    story.cluster.controllers.hold('kubelet');
    await story.create(pod('first', 1, { priorityClassName: 'high' }));
    const nomination = async (name: string) => (await story.get('v1 Pod', name)).status?.['nominatedNodeName'];
    expect(await nomination('first')).toBe('fake-0');
    await story.create(pod('second', 1, { priorityClassName: 'highest' }));
    expect([await nomination('first'), await nomination('second')]).toEqual([undefined, 'fake-0']);
    await story.remove('v1 Pod', 'second');
    story.cluster.controllers.release('kubelet');
    await story.advance(60);
    expect(await phaseOf(story, 'first')).toBe('Running');
  });

  test('lets two pods that wait for the same terminating pod both start', async () => {
    await using story = await startStory(2);
    await story.create(pod('victim', 2));
    story.cluster.controllers.hold('kubelet');
    await story.remove('v1 Pod', 'victim');
    await story.create(pod('first', 1, { priorityClassName: 'low' }));
    await story.create(pod('second', 1, { priorityClassName: 'high' }));
    story.cluster.controllers.release('kubelet');
    await story.advance(60);
    expect([await phaseOf(story, 'first'), await phaseOf(story, 'second')]).toEqual(['Running', 'Running']);
  });

  test('reserves nothing for a nominated pod that is deleted', async () => {
    await using story = await startStory(1);
    await story.create(pod('victim', 1, { priorityClassName: 'low' }));
    story.cluster.controllers.hold('kubelet');
    await story.create(pod('first', 1, { priorityClassName: 'high' }));
    await story.patch('v1 Pod', 'first', { metadata: { annotations: { 'typekro.dev/simulate-hold': 'true' } } });
    await story.create(pod('rival', 1, { priorityClassName: 'high' }));
    story.cluster.controllers.release('kubelet');
    await story.advance(60);
    expect(await story.names('v1 Pod')).toEqual(['first', 'rival']);
    expect(await phaseOf(story, 'rival')).toBe('Pending');
    await story.remove('v1 Pod', 'first');
    expect(await phaseOf(story, 'rival')).toBe('Running');
  });
});

test('after a restore, only the pods of the snapshot take up the resources of the node', async () => {
  await using story = await startStory(1);
  await story.create(pod('a', 1));
  const snapshot = story.cluster.snapshot();
  await story.create(pod('b', 1));
  story.cluster.restore(snapshot);
  await story.cluster.idle();
  await story.create(pod('c', 1));
  expect([await phaseOf(story, 'a'), await phaseOf(story, 'c')]).toEqual(['Running', 'Pending']);
  await story.remove('v1 Pod', 'a');
  await story.advance(60);
  expect(await phaseOf(story, 'c')).toBe('Running');
});
