import { describe, expect, test } from 'vitest';
import { podTemplate, startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const labels = { app: 's' };
const STATEFUL_SET = 'apps/v1 StatefulSet';

function statefulSet(spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 's' },
    spec: {
      replicas: 3,
      serviceName: 's',
      selector: { matchLabels: labels },
      template: podTemplate(labels, annotations),
      ...spec,
    },
  };
}

const CLAIM_TEMPLATES: JsonObject[] = [
  { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
];

const newImage = { template: { spec: { containers: [{ name: 'c', image: 'i:2' }] } } };

const imageOf = (pod: KubeObject) => (pod.spec as { containers: { image: string }[] }).containers[0]?.image;

describe('a StatefulSet', () => {
  test('creates each pod when the previous one is ready', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet({}, { 'typekro.dev/simulate-ready-after-seconds': '10' }));
    expect(await story.names('v1 Pod')).toEqual(['s-0']);
    await story.advance(10);
    expect(await story.names('v1 Pod')).toEqual(['s-0', 's-1']);
    await story.advance(10);
    expect(await story.names('v1 Pod')).toEqual(['s-0', 's-1', 's-2']);
    await story.advance(10);
    expect((await story.get(STATEFUL_SET, 's')).status).toMatchObject({ replicas: 3, readyReplicas: 3 });
  });

  test('with parallel management creates all pods at once', async () => {
    await using story = await startClusterStory();
    const annotations = { 'typekro.dev/simulate-ready-after-seconds': '10' };
    await story.create(statefulSet({ podManagementPolicy: 'Parallel' }, annotations));
    expect(await story.names('v1 Pod')).toEqual(['s-0', 's-1', 's-2']);
  });

  test('with parallel management, creates and removes more pods than one pass changes', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet({ podManagementPolicy: 'Parallel', replicas: 250 }));
    expect((await story.get(STATEFUL_SET, 's')).status).toMatchObject({ replicas: 250, readyReplicas: 250 });
    await story.patch(STATEFUL_SET, 's', { spec: { replicas: 20 } });
    await story.advance(30);
    expect((await story.get(STATEFUL_SET, 's')).status).toMatchObject({ replicas: 20, readyReplicas: 20 });
  });

  test('starts at spec.ordinals.start', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet({ replicas: 2, ordinals: { start: 5 } }));
    expect(await story.names('v1 Pod')).toEqual(['s-5', 's-6']);
  });

  test('keeps the claim of an ordinal for its next pod', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet({ volumeClaimTemplates: CLAIM_TEMPLATES }));
    const claims = await story.names('v1 PersistentVolumeClaim');
    expect(claims).toEqual(['data-s-0', 'data-s-1', 'data-s-2']);
    const before = await story.get('v1 PersistentVolumeClaim', 'data-s-2');
    expect(before.status).toMatchObject({ phase: 'Bound' });
    await story.patch(STATEFUL_SET, 's', { spec: { replicas: 1 } });
    expect(await story.names('v1 Pod')).toEqual(['s-0']);
    expect(await story.names('v1 PersistentVolumeClaim')).toEqual(claims);
    await story.patch(STATEFUL_SET, 's', { spec: { replicas: 3 } });
    const pod = await story.get('v1 Pod', 's-2');
    expect(pod.spec?.['volumes']).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-s-2' } });
    expect((await story.get('v1 PersistentVolumeClaim', 'data-s-2')).metadata.uid).toBe(before.metadata.uid);
  });

  test('deletes claims when its retention policy requires it', async () => {
    await using story = await startClusterStory();
    const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Delete' };
    await story.create(statefulSet({ volumeClaimTemplates: CLAIM_TEMPLATES, persistentVolumeClaimRetentionPolicy }));
    await story.patch(STATEFUL_SET, 's', { spec: { replicas: 1 } });
    expect(await story.names('v1 PersistentVolumeClaim')).toEqual(['data-s-0']);
    await story.remove(STATEFUL_SET, 's');
    expect(await story.names('v1 PersistentVolumeClaim')).toEqual([]);
    expect(await story.list('v1 PersistentVolume')).toEqual([]);
  });

  test('rolls out from the last ordinal down to the partition', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet());
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    await story.patch(STATEFUL_SET, 's', { spec: { updateStrategy, ...newImage } });
    expect((await story.list('v1 Pod')).map(imageOf)).toEqual(['i:1', 'i:2', 'i:2']);
    const { status } = await story.get(STATEFUL_SET, 's');
    expect(status).toMatchObject({ currentReplicas: 1, updatedReplicas: 2 });
    expect(status?.['currentRevision']).not.toBe(status?.['updateRevision']);
    // The replacement of a pod below the partition gets the old revision.
    await story.remove('v1 Pod', 's-0');
    expect(imageOf(await story.get('v1 Pod', 's-0'))).toBe('i:1');
    await story.patch(STATEFUL_SET, 's', { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } });
    const after = await story.get(STATEFUL_SET, 's');
    expect(after.status).toMatchObject({ currentReplicas: 3, updatedReplicas: 3 });
    expect(after.status?.['currentRevision']).toBe(after.status?.['updateRevision']);
  });

  test('counts the partition from its first ordinal', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet({ ordinals: { start: 5 } }));
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    await story.patch(STATEFUL_SET, 's', { spec: { updateStrategy, ...newImage } });
    expect((await story.list('v1 Pod')).map(imageOf)).toEqual(['i:1', 'i:2', 'i:2']);
  });

  test('with OnDelete keeps its current revision', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet({ replicas: 1, updateStrategy: { type: 'OnDelete' } }));
    const before = (await story.get(STATEFUL_SET, 's')).status?.['currentRevision'];
    await story.patch(STATEFUL_SET, 's', { spec: newImage });
    await story.remove('v1 Pod', 's-0');
    const { status } = await story.get(STATEFUL_SET, 's');
    expect(imageOf(await story.get('v1 Pod', 's-0'))).toBe('i:2');
    expect(status).toMatchObject({ currentRevision: before, updatedReplicas: 1, readyReplicas: 1 });
    expect(status?.['updateRevision']).not.toBe(before);
  });

  test('does not change a claim that does not come from its templates', async () => {
    await using story = await startClusterStory();
    const { metadata } = await story.create(statefulSet({ replicas: 1, volumeClaimTemplates: CLAIM_TEMPLATES }));
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid: metadata.uid ?? '' };
    await story.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data-s-x', ownerReferences: [owner] },
      spec: CLAIM_TEMPLATES[0]?.['spec'] as JsonObject,
    });
    await story.patch(STATEFUL_SET, 's', { spec: { replicas: 2 } });
    const claim = await story.get('v1 PersistentVolumeClaim', 'data-s-x');
    expect(claim.metadata.ownerReferences).toMatchObject([owner]);
  });

  test('reports its status while the API refuses a claim', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q' },
      spec: { hard: { persistentvolumeclaims: '1' } },
    });
    await story.create(statefulSet({ volumeClaimTemplates: CLAIM_TEMPLATES }));
    expect((await story.get(STATEFUL_SET, 's')).status).toMatchObject({ observedGeneration: 1, readyReplicas: 1 });
    const [refused] = (await story.list('v1 Event')).filter(({ reason }) => reason === 'FailedCreate');
    expect(refused?.['message']).toMatch(
      /^Create Claim data-s-1 for Pod s-1 in StatefulSet s failed error: .* exceeded quota: q/,
    );
    await story.patch('v1 ResourceQuota', 'q', { spec: { hard: { persistentvolumeclaims: '3' } } });
    for (let round = 0; round < 3; round += 1) await story.advance(1);
    expect(await story.names('v1 Pod')).toEqual(['s-0', 's-1', 's-2']);
  });

  test('counts a pod that is being deleted as ready until it is gone', async () => {
    await using story = await startClusterStory({ podStopSeconds: 20 });
    await story.create(statefulSet());
    await story.patch(STATEFUL_SET, 's', { spec: { replicas: 2 } });
    const counts = { replicas: 3, readyReplicas: 3, availableReplicas: 3, currentReplicas: 2, updatedReplicas: 2 };
    expect((await story.get(STATEFUL_SET, 's')).status).toMatchObject(counts);
    await story.advance(20);
    const after = { replicas: 2, readyReplicas: 2, availableReplicas: 2, currentReplicas: 2, updatedReplicas: 2 };
    expect((await story.get(STATEFUL_SET, 's')).status).toMatchObject(after);
  });

  test.each([
    [['s-1'], ['s-0']],
    [['s-2'], ['s-0']],
    [
      ['s-1', 's-2'],
      ['s-0', 's-1', 's-2'],
    ],
  ])('that scales down while %j are not ready has the pods %j', async (unready, remaining) => {
    await using story = await startClusterStory();
    await story.create(statefulSet());
    const annotations = { 'typekro.dev/simulate-failure': 'CrashLoopBackOff' };
    for (const name of unready) await story.patch('v1 Pod', name, { metadata: { annotations } });
    await story.patch(STATEFUL_SET, 's', { spec: { replicas: 1 } });
    expect(await story.names('v1 Pod')).toEqual(remaining);
  });

  test('restores the lost labels of a pod', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet());
    await story.patch('v1 Pod', 's-1', {
      metadata: { labels: { 'statefulset.kubernetes.io/pod-name': null, 'apps.kubernetes.io/pod-index': null } },
    });
    expect((await story.get('v1 Pod', 's-1')).metadata.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 's-1',
      'apps.kubernetes.io/pod-index': '1',
    });
    expect(await story.reasons('s')).toContain('SuccessfulUpdate');
  });

  test('stops a rollout at a pod that does not become ready', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet());
    const template = { metadata: { annotations: { 'typekro.dev/simulate-failure': 'CrashLoopBackOff' } } };
    await story.patch(STATEFUL_SET, 's', { spec: { template } });
    await story.advance(3600);
    const ready = (await story.get(STATEFUL_SET, 's')).status?.['readyReplicas'];
    expect(ready).toBe(2);
  });

  test('keeps revisionHistoryLimit old revisions', async () => {
    await using story = await startClusterStory();
    await story.create(statefulSet({ replicas: 1, revisionHistoryLimit: 1 }));
    for (const image of ['i:2', 'i:3', 'i:4']) {
      await story.patch(STATEFUL_SET, 's', { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } });
    }
    expect(await story.names('apps/v1 ControllerRevision')).toHaveLength(2);
  });
});

describe('a DaemonSet', () => {
  const daemonSet: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: labels }, template: podTemplate(labels) },
  };
  const node = (name: string, nodeLabels: Record<string, string> = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels, annotations: { 'typekro.dev/simulated': 'true' } },
  });
  const addNode = (story: Awaited<ReturnType<typeof startClusterStory>>, object: KubeObject) =>
    story.client.create(object).then(() => story.cluster.idle());
  const nodesOf = async (story: Awaited<ReturnType<typeof startClusterStory>>) =>
    (await story.list('v1 Pod')).map(({ spec }) => String(spec?.['nodeName'])).toSorted();

  test('has a pod on every node, including a node that is added later', async () => {
    await using story = await startClusterStory();
    await story.create(daemonSet);
    expect(await nodesOf(story)).toEqual(['fake-0']);
    await addNode(story, node('fake-1'));
    expect(await nodesOf(story)).toEqual(['fake-0', 'fake-1']);
    expect((await story.get('apps/v1 DaemonSet', 'd')).status).toEqual({
      currentNumberScheduled: 2,
      desiredNumberScheduled: 2,
      numberAvailable: 2,
      numberMisscheduled: 0,
      numberReady: 2,
      observedGeneration: 1,
      updatedNumberScheduled: 2,
    });
  });

  test('ignores nodes that its pods do not select', async () => {
    await using story = await startClusterStory();
    await addNode(story, node('fake-1', { disk: 'ssd' }));
    const template = {
      ...podTemplate(labels),
      spec: { containers: [{ name: 'c', image: 'i:1' }], nodeSelector: { disk: 'ssd' } },
    };
    await story.create({ ...daemonSet, spec: { ...daemonSet.spec, template } });
    expect(await nodesOf(story)).toEqual(['fake-1']);
  });

  test('has a pod only on the node that its template names', async () => {
    await using story = await startClusterStory();
    await addNode(story, node('fake-1'));
    const template = {
      ...podTemplate(labels),
      spec: { containers: [{ name: 'c', image: 'i:1' }], nodeName: 'fake-1' },
    };
    await story.create({ ...daemonSet, spec: { ...daemonSet.spec, template } });
    expect(await nodesOf(story)).toEqual(['fake-1']);
    expect((await story.get('apps/v1 DaemonSet', 'd')).status).toMatchObject({ desiredNumberScheduled: 1 });
  });

  test('gives its pods the tolerations of daemons, and keeps their preferred nodes', async () => {
    await using story = await startClusterStory();
    const unschedulable = { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' };
    const notReady = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' };
    const own = { key: 'a', operator: 'Exists' };
    const preferred = [{ weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } }];
    const template = {
      ...podTemplate(labels),
      spec: {
        containers: [{ name: 'c', image: 'i:1' }],
        hostNetwork: true,
        affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } },
        tolerations: [{ ...notReady, tolerationSeconds: 5 }, own, unschedulable],
      },
    };
    await story.create({ ...daemonSet, spec: { ...daemonSet.spec, template } });
    const [pod] = await story.list('v1 Pod');
    const daemon = (key: string, effect: string) => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect });
    expect(pod?.spec?.['tolerations']).toEqual([
      notReady,
      own,
      unschedulable,
      daemon('unreachable', 'NoExecute'),
      ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'network-unavailable'].map((key) =>
        daemon(key, 'NoSchedule'),
      ),
    ]);
    expect(pod?.spec?.['affinity']).toMatchObject({
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: preferred,
        requiredDuringSchedulingIgnoredDuringExecution: {},
      },
    });
  });

  test('keeps the older of two pods on a node', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'old' },
      spec: { containers: [{ name: 'c', image: 'i:1' }], terminationGracePeriodSeconds: 0 },
    });
    await story.advance(10);
    // With any other strategy, the adopted pod would be replaced, because it has no revision.
    await story.create({ ...daemonSet, spec: { ...daemonSet.spec, updateStrategy: { type: 'OnDelete' } } });
    await story.patch('v1 Pod', 'old', { metadata: { labels } });
    await story.advance(60);
    expect(await story.names('v1 Pod')).toEqual(['old']);
  });

  test('reports its status while the API refuses a pod', async () => {
    await using story = await startClusterStory();
    await addNode(story, node('fake-1'));
    await story.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q' },
      spec: { hard: { pods: '1' } },
    });
    await story.create(daemonSet);
    expect((await story.get('apps/v1 DaemonSet', 'd')).status).toMatchObject({
      observedGeneration: 1,
      desiredNumberScheduled: 2,
      numberReady: 1,
    });
    await story.advance(5);
    const refused = (await story.list('v1 Event')).filter(({ reason }) => reason === 'FailedCreate');
    expect(refused.map(({ message }) => String(message))).toEqual([
      expect.stringMatching(/^Error creating: pods "d-\w+" is forbidden: exceeded quota: q/),
    ]);
    await story.patch('v1 ResourceQuota', 'q', { spec: { hard: { pods: '2' } } });
    await story.advance(1);
    expect((await story.get('apps/v1 DaemonSet', 'd')).status).toMatchObject({ numberReady: 2 });
  });

  test('with maxSurge keeps each old pod until its successor is ready', async () => {
    await using story = await startClusterStory();
    for (const name of ['fake-1', 'fake-2']) await addNode(story, node(name));
    const updateStrategy = { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } };
    await story.create({ ...daemonSet, spec: { ...daemonSet.spec, updateStrategy } });
    await story.advance(1);
    const metadata = { annotations: { 'typekro.dev/simulate-ready-after-seconds': '10' } };
    await story.patch('apps/v1 DaemonSet', 'd', { spec: { template: { metadata } } });
    const status = async () => (await story.get('apps/v1 DaemonSet', 'd')).status;
    expect(await nodesOf(story)).toEqual(['fake-0', 'fake-0', 'fake-1', 'fake-1', 'fake-2']);
    expect(await status()).toMatchObject({ numberAvailable: 3, numberReady: 3 });
    await story.advance(10);
    expect(await nodesOf(story)).toEqual(['fake-0', 'fake-1', 'fake-2', 'fake-2']);
    expect(await status()).toMatchObject({ numberAvailable: 3, updatedNumberScheduled: 2 });
    await story.advance(10);
    expect(await nodesOf(story)).toEqual(['fake-0', 'fake-1', 'fake-2']);
    expect(await status()).toMatchObject({ numberAvailable: 3, updatedNumberScheduled: 3 });
  });

  test.each([
    [{ maxSurge: 1, maxUnavailable: 1 }, 'maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero'],
    [{ maxSurge: 0, maxUnavailable: 0 }, 'maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
    [{ maxSurge: '101%', maxUnavailable: 0 }, 'maxSurge: Invalid value: "101%": must not be greater than 100%'],
  ])('with the rolling update %j is refused', async (rollingUpdate, text) => {
    await using story = await startClusterStory();
    const spec = { ...daemonSet.spec, updateStrategy: { rollingUpdate } };
    await expect(story.create({ ...daemonSet, spec })).rejects.toThrow(text);
  });

  test('replaces one pod at a time and stops at a pod that does not become ready', async () => {
    await using story = await startClusterStory();
    for (const name of ['fake-1', 'fake-2']) await addNode(story, node(name));
    await story.create(daemonSet);
    await story.patch('apps/v1 DaemonSet', 'd', { spec: newImage });
    expect((await story.list('v1 Pod')).map(imageOf)).toEqual(['i:2', 'i:2', 'i:2']);
    const template = { metadata: { annotations: { 'typekro.dev/simulate-failure': 'ImagePullBackOff' } } };
    await story.patch('apps/v1 DaemonSet', 'd', { spec: { template } });
    expect((await story.get('apps/v1 DaemonSet', 'd')).status).toMatchObject({ numberReady: 2, numberUnavailable: 1 });
  });
});
