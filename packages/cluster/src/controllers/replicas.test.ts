import { describe, expect, test } from 'vitest';
import { type ClusterStory, podTemplate, startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';
import { removalOrder } from './workloads/removal-order.ts';

const labels = { app: 'r' };

const KINDS = [
  { type: 'apps/v1 ReplicaSet', component: 'replicaset-controller', selector: { matchLabels: labels } },
  { type: 'v1 ReplicationController', component: 'replication-controller', selector: labels },
] as const;

describe.each(KINDS)('$type', ({ type, component, selector }) => {
  const [apiVersion = '', kind = ''] = type.split(' ');
  const replicas = (spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: 'r' },
    spec: { replicas: 2, selector, template: podTemplate(labels, annotations), ...spec },
  });
  const quota = (story: ClusterStory, pods: string) =>
    story.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { pods } } });

  test('creates pods with an owner reference, and reports their counts', async () => {
    await using story = await startClusterStory();
    const { metadata } = await story.create(replicas());
    const pods = await story.list('v1 Pod');
    expect(pods.map((pod) => pod.metadata.ownerReferences)).toEqual(
      pods.map(() => [{ apiVersion, kind, name: 'r', uid: metadata.uid, controller: true, blockOwnerDeletion: true }]),
    );
    expect(pods).toHaveLength(2);
    expect((await story.get(type, 'r')).status).toEqual({
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      observedGeneration: 1,
      ...(kind === 'ReplicaSet' ? { terminatingReplicas: 0 } : {}),
    });
    const events = (await story.list('v1 Event')).filter(({ reason }) => reason === 'SuccessfulCreate');
    expect(events.map((event) => event['source'])).toEqual([{ component }, { component }]);
  });

  test('creates and removes pods when its scale changes', async () => {
    await using story = await startClusterStory();
    await story.create(replicas({ replicas: 1 }));
    await story.client.patch(
      { apiVersion, kind, name: 'r', namespace: 'default' },
      { spec: { replicas: 3 } },
      { subresource: 'scale' },
    );
    await story.cluster.idle();
    expect(await story.names('v1 Pod')).toHaveLength(3);
    await story.patch(type, 'r', { spec: { replicas: 0 } });
    await story.advance(30);
    expect(await story.names('v1 Pod')).toEqual([]);
    expect((await story.get(type, 'r')).status).toMatchObject({ replicas: 0, observedGeneration: 3 });
    expect(await story.reasons('r')).toContain('SuccessfulDelete');
  });

  test('counts a pod as available after minReadySeconds', async () => {
    await using story = await startClusterStory();
    await story.create(replicas({ minReadySeconds: 10 }));
    const available = async () => (await story.get(type, 'r')).status?.['availableReplicas'];
    expect(await available()).toBeUndefined();
    await story.advance(10);
    expect(await available()).toBe(2);
  });

  test('has a condition about a refused pod until all pods exist', async () => {
    await using story = await startClusterStory();
    await quota(story, '1');
    await story.create(replicas());
    expect(conditionOf(await story.get(type, 'r'), 'ReplicaFailure')).toMatchObject({
      status: 'True',
      reason: 'FailedCreate',
      message: expect.stringContaining('exceeded quota: q'),
    });
    expect(await story.reasons('r')).toContain('FailedCreate');
    await story.patch(type, 'r', { spec: { replicas: 1 } });
    await story.advance(1);
    expect(conditionOf(await story.get(type, 'r'), 'ReplicaFailure')).toBeUndefined();
  });

  test('does not count a pod that lacks a label of the template as fully labelled', async () => {
    await using story = await startClusterStory();
    const template = podTemplate({ ...labels, extra: 'x' });
    await story.create(replicas({ template }));
    const [pod = ''] = await story.names('v1 Pod');
    await story.patch('v1 Pod', pod, { metadata: { labels: { extra: null } } });
    expect((await story.get(type, 'r')).status).toMatchObject({ replicas: 2, fullyLabeledReplicas: 1 });
  });

  test('is deleted together with its pods in the background', async () => {
    await using story = await startClusterStory();
    await story.create(replicas());
    await story.remove(type, 'r', { propagationPolicy: 'Background' });
    await story.advance(30);
    expect(await story.names('v1 Pod')).toEqual([]);
  });
});

test('a ReplicaSet first removes pods from nodes with many pods of its Deployment', async () => {
  await using story = await startClusterStory();
  const { metadata } = await story.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owner' } });
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid ?? '', controller: true };
  const bound = (name: string, app: string, nodeName: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app } },
    spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
  });
  const set = (app: string, count: number): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: app, ownerReferences: [owner] },
    spec: { replicas: count, selector: { matchLabels: { app } }, template: podTemplate({ app }) },
  });
  for (const pod of [bound('alone', 'r', 'one'), bound('beside', 'r', 'two'), bound('other', 's', 'two')])
    await story.create(pod);
  await story.create(set('r', 2));
  await story.create(set('s', 1));
  await story.patch('apps/v1 ReplicaSet', 'r', { spec: { replicas: 1 } });
  const left = (await story.list('v1 Pod')).filter((pod) => pod.metadata.deletionTimestamp === undefined);
  expect(left.map((pod) => pod.metadata.name)).toEqual(['alone', 'other']);
});

const YOUNG = { creationTimestamp: '2026-01-01T18:00:00Z' };

describe('the order of removal', () => {
  const pod = (name: string, change: JsonObject = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, creationTimestamp: '2026-01-01T10:00:00Z', ...(change['metadata'] as JsonObject) },
    spec: { nodeName: `node-${name}`, ...(change['spec'] as JsonObject) },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T10:00:00Z' }],
      ...(change['status'] as JsonObject),
    },
  });
  const ready = (lastTransitionTime: string): JsonObject => ({
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }],
  });
  const cost = (value: string): JsonObject => ({
    metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } },
  });

  const order = (pods: readonly KubeObject[], related = pods) =>
    removalOrder(pods, related, Date.parse('2026-01-01T20:00:00Z')).map(({ metadata }) => metadata.name);
  const uid = (value: string, more: JsonObject = {}): JsonObject => ({ metadata: { uid: value, ...more } });
  const sidecar = (restartPolicy: string, restartCount: number): JsonObject => ({
    spec: { initContainers: [{ name: 's', restartPolicy }] },
    status: { initContainerStatuses: [{ name: 's', restartCount }] },
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['have no node', { spec: { nodeName: '' } }, { status: { phase: 'Pending' } }],
    ['are pending', { status: { phase: 'Pending' } }, { status: { conditions: [] } }],
    ['are not ready', { status: { conditions: [] } }, cost('-5')],
    ['have a low deletion cost', cost('-5'), {}],
    ['have a deletion cost below that of another pod', {}, cost('7')],
    ['have been ready for a short time', { status: ready('2026-01-01T18:00:00Z') }, {}],
    ['have been ready for an unknown time', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, {}],
    [
      'have the smaller UID among pods that have been ready for a similar time',
      { ...uid('a'), status: ready('2026-01-01T12:00:00Z') },
      { ...uid('b'), status: ready('2026-01-01T13:00:00Z') },
    ],
    ['have many restarts of a sidecar', sidecar('Always', 2), sidecar('Always', 1)],
    [
      'have many restarts of a container that is not a sidecar',
      { status: { containerStatuses: [{ restartCount: 1 }] } },
      sidecar('Always', 2),
    ],
    ['are young; restarts of init containers other than sidecars do not count', uid('a', YOUNG), sidecar('Never', 2)],
    [
      'have the smaller UID among pods of a similar age',
      uid('a', { creationTimestamp: '2026-01-01T12:00:00Z' }),
      uid('b', { creationTimestamp: '2026-01-01T13:00:00Z' }),
    ],
    ['have many restarts', { status: { containerStatuses: [{ restartCount: 2 }] } }, {}],
    ['are young', { metadata: YOUNG }, {}],
  ])('begins with pods that %s', (_title, first, second) => {
    const pods = [pod('second', second), pod('first', first)];
    expect(order(pods)).toEqual(['first', 'second']);
  });

  test('begins with pods that share their node with many others', () => {
    const near = { spec: { nodeName: 'same' } };
    const pods = [pod('far'), pod('near', near), pod('near-too', near)];
    expect(order(pods).at(-1)).toBe('far');
    expect(order(pods, [])).toEqual(['far', 'near', 'near-too']);
  });

  test.each(['1.5', '+3', '007', '2147483648', 'low'])('ignores the malformed deletion cost %s', (value) => {
    expect(order([pod('a'), pod('b', cost(value)), pod('c')])).toEqual(['a', 'b', 'c']);
  });
});
