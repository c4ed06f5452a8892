import { describe, expect, test } from 'vitest';
import { podTemplate, startClusterStory } from '../../../test/support/cluster-story.ts';
import type { ClusterStory } from '../../../test/support/cluster-story.ts';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import { conditionOf } from '../../kubernetes/index.ts';
import { removalOrder } from './removal-order.ts';

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
      {
        subresource: 'scale',
      },
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

  test('has a condition about a refused pod until all its pods exist', async () => {
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

  test('does not count a pod that has lost a label of the template as fully labelled', async () => {
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

  test.each<[string, JsonObject, JsonObject]>([
    ['have no node', { spec: { nodeName: '' } }, { status: { phase: 'Pending' } }],
    ['are pending', { status: { phase: 'Pending' } }, { status: { conditions: [] } }],
    ['are not ready', { status: { conditions: [] } }, cost('-5')],
    ['have a low deletion cost', cost('-5'), {}],
    ['have a deletion cost below that of another pod', {}, cost('7')],
    ['have been ready for a short time', { status: ready('2026-01-01T11:00:00Z') }, {}],
    ['have many restarts', { status: { containerStatuses: [{ restartCount: 2 }] } }, {}],
    ['are young', { metadata: { creationTimestamp: '2026-01-01T11:00:00Z' } }, {}],
  ])('begins with pods that %s', (_title, first, second) => {
    const pods = [pod('second', second), pod('first', first)];
    expect(removalOrder(pods).map(({ metadata }) => metadata.name)).toEqual(['first', 'second']);
  });

  test('begins with pods that share their node with others', () => {
    const near = { spec: { nodeName: 'same' } };
    const ordered = removalOrder([pod('far'), pod('near', near), pod('near-too', near)]);
    expect(ordered.at(-1)?.metadata.name).toBe('far');
  });

  test.each(['1.5', '+3', '007', '2147483648', 'low'])('ignores the malformed deletion cost %s', (value) => {
    expect(removalOrder([pod('a'), pod('b', cost(value)), pod('c')]).map(({ metadata }) => metadata.name)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });
});
