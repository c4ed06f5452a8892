import { describe, expect, test } from 'vitest';
import { type ClusterStory, podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const labels = { app: 'web' };

const deployment = (spec: JsonObject = {}, podAnnotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { selector: { matchLabels: labels }, template: podTemplate(labels, podAnnotations), ...spec },
});

const conditionOf = ({ status }: KubeObject, type: string) =>
  ((status?.['conditions'] ?? []) as { type: string }[]).find((condition) => condition.type === type);

describe('a Deployment', () => {
  test('exceeds its progress deadline when it makes no progress', async () => {
    await using story = await startClusterStory();
    const failing = { 'typekro.dev/simulate-failure': 'ImagePullBackOff' };
    await story.create(deployment({ progressDeadlineSeconds: 60 }, failing));
    const progressing = async () => conditionOf(await story.get('apps/v1 Deployment', 'web'), 'Progressing');
    await story.advance(59);
    expect(await progressing()).toMatchObject({ status: 'True' });
    await story.advance(1);
    expect(await progressing()).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    await story.patch('apps/v1 Deployment', 'web', {
      spec: { template: { metadata: { annotations: { 'typekro.dev/simulate-failure': null } } } },
    });
    expect(await progressing()).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
  });

  const image = (tag: string): JsonObject => ({
    spec: { template: { spec: { containers: [{ name: 'c', image: `i:${tag}` }] } } },
  });
  const sizes = async (story: ClusterStory) =>
    (await story.list('apps/v1 ReplicaSet')).map(({ spec }) => Number(spec?.['replicas'])).toSorted((a, b) => a - b);

  test('is scaled while it is paused, and rolls out when it is resumed', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ replicas: 2 }));
    await story.patch('apps/v1 Deployment', 'web', { spec: { paused: true } });
    await story.patch('apps/v1 Deployment', 'web', image('2'));
    await story.patch('apps/v1 Deployment', 'web', { spec: { replicas: 4 } });
    const paused = await story.get('apps/v1 Deployment', 'web');
    expect(paused.status).toMatchObject({ replicas: 4, availableReplicas: 4 });
    expect(paused.status?.['updatedReplicas']).toBeUndefined();
    expect(conditionOf(paused, 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
    expect(await sizes(story)).toEqual([4]);
    await story.patch('apps/v1 Deployment', 'web', { spec: { paused: false } });
    expect((await story.get('apps/v1 Deployment', 'web')).status).toMatchObject({ updatedReplicas: 4 });
    expect(await sizes(story)).toEqual([0, 4]);
  });

  test('is scaled proportionally during a rollout', async () => {
    await using story = await startClusterStory();
    const strategy = { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
    await story.create(deployment({ replicas: 10, strategy }));
    await story.patch('apps/v1 Deployment', 'web', {
      spec: { template: { metadata: { annotations: { 'typekro.dev/simulate-failure': 'ImagePullBackOff' } } } },
    });
    expect(await sizes(story)).toEqual([5, 8]);
    await story.patch('apps/v1 Deployment', 'web', { spec: { replicas: 30 } });
    expect(await sizes(story)).toEqual([13, 20]);
  });

  test('with the strategy Recreate does not wait for old pods that have ended', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ strategy: { type: 'Recreate' } }));
    const [pod] = await story.names('v1 Pod');
    const failed = { apiVersion: 'v1', kind: 'Pod', name: pod ?? '', namespace: 'default' };
    await story.client.patch(failed, { status: { phase: 'Failed' } }, { subresource: 'status' });
    await story.cluster.idle();
    await story.patch('apps/v1 Deployment', 'web', image('2'));
    expect((await story.get('apps/v1 Deployment', 'web')).status).toMatchObject({ updatedReplicas: 1 });
    expect(await story.names('v1 Pod')).toContain(pod);
  });

  test('changes minReadySeconds of its present ReplicaSet', async () => {
    await using story = await startClusterStory();
    await story.create(deployment());
    for (const minReadySeconds of [30, 0]) {
      await story.patch('apps/v1 Deployment', 'web', { spec: { minReadySeconds } });
      const [set] = await story.list('apps/v1 ReplicaSet');
      expect(set?.spec?.['minReadySeconds'] ?? 0).toBe(minReadySeconds);
      const { status } = await story.get('apps/v1 Deployment', 'web');
      expect(status?.['availableReplicas'] ?? 0).toBe(minReadySeconds === 0 ? 1 : 0);
    }
  });

  test('reports a ReplicaSet that the API refuses, and creates it when the API accepts it', async () => {
    await using story = await startClusterStory();
    const hard = (count: string) => ({ spec: { hard: { 'count/replicasets.apps': count } } });
    await story.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, ...hard('0') });
    await story.create(deployment({ progressDeadlineSeconds: 60 }));
    const progressing = async () => conditionOf(await story.get('apps/v1 Deployment', 'web'), 'Progressing');
    expect(await progressing()).toMatchObject({
      status: 'False',
      reason: 'ReplicaSetCreateError',
      message: expect.stringMatching(
        /^Failed to create new replica set "web-\w+": replicasets.apps .*exceeded quota: q,/,
      ),
    });
    expect(await story.reasons('web')).toEqual(['ReplicaSetCreateError']);
    await story.advance(90);
    await story.patch('v1 ResourceQuota', 'q', hard('1'));
    await story.advance(1);
    expect(await progressing()).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
  });

  test('deletes old ReplicaSets beyond its revisionHistoryLimit when it is paused or complete, but not during a rollout', async () => {
    await using story = await startClusterStory();
    await story.create(deployment());
    for (const tag of ['2', '3']) await story.patch('apps/v1 Deployment', 'web', image(tag));
    await story.patch('apps/v1 Deployment', 'web', { spec: { paused: true, revisionHistoryLimit: 1 } });
    expect(await sizes(story)).toEqual([0, 1]);
    const annotations = { 'typekro.dev/simulate-failure': 'ImagePullBackOff' };
    const spec = { paused: false, revisionHistoryLimit: 0, template: { metadata: { annotations } } };
    await story.patch('apps/v1 Deployment', 'web', { spec });
    expect(await sizes(story)).toEqual([0, 1, 1]);
    await story.patch('apps/v1 Deployment', 'web', {
      spec: { template: { metadata: { annotations: { 'typekro.dev/simulate-failure': null } } } },
    });
    expect(await sizes(story)).toEqual([1]);
  });

  test('has the reason DeploymentResumed from its resumption until its progress deadline, if it makes no progress', async () => {
    await using story = await startClusterStory();
    const failing = { 'typekro.dev/simulate-failure': 'Unhealthy' };
    await story.create(deployment({ progressDeadlineSeconds: 60 }, failing));
    const progressing = async () => conditionOf(await story.get('apps/v1 Deployment', 'web'), 'Progressing');
    await story.patch('apps/v1 Deployment', 'web', { spec: { paused: true } });
    await story.advance(300);
    await story.patch('apps/v1 Deployment', 'web', { spec: { paused: false } });
    expect(await progressing()).toMatchObject({ status: 'Unknown', reason: 'DeploymentResumed' });
    await story.advance(59);
    expect(await progressing()).toMatchObject({ reason: 'DeploymentResumed' });
    await story.advance(1);
    expect(await progressing()).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    await story.patch('apps/v1 Deployment', 'web', { spec: { paused: true } });
    expect(await progressing()).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
  });

  test('does not report progress without a deadline', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ progressDeadlineSeconds: 2_147_483_647 }));
    const live = await story.get('apps/v1 Deployment', 'web');
    expect([conditionOf(live, 'Available'), conditionOf(live, 'Progressing')]).toMatchObject([
      { status: 'True' },
      undefined,
    ]);
  });

  test.each([
    [{ maxSurge: 0, maxUnavailable: '25%' }, 'True'],
    [{ maxSurge: 1, maxUnavailable: '25%' }, 'False'],
    [{ maxSurge: '1000%', maxUnavailable: 0 }, 'False'],
  ])('with the strategy %j and one of two pods unavailable has the condition Available=%s', async (limits, status) => {
    await using story = await startClusterStory();
    await story.create(deployment({ replicas: 2, strategy: { rollingUpdate: limits } }));
    const [name = ''] = await story.names('v1 Pod');
    story.cluster.pods.simulate({ name }, { ready: false });
    await story.cluster.idle();
    const live = await story.get('apps/v1 Deployment', 'web');
    expect(live.status).toMatchObject({ availableReplicas: 1 });
    expect(conditionOf(live, 'Available')).toMatchObject({ status });
  });

  test('adopts the ReplicaSet and the pods that an orphaning deletion leaves', async () => {
    await using story = await startClusterStory();
    await story.create(deployment());
    const [pods, sets] = [await story.names('v1 Pod'), await story.names('apps/v1 ReplicaSet')];
    await story.remove('apps/v1 Deployment', 'web', { propagationPolicy: 'Orphan' });
    await story.create(deployment());
    expect(await story.names('apps/v1 ReplicaSet')).toEqual(sets);
    expect(await story.names('v1 Pod')).toEqual(pods);
  });

  test('reports the pods that a quota refuses, and creates them when the quota allows them', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q' },
      spec: { hard: { pods: '1' } },
    });
    await story.create(deployment({ replicas: 2 }));
    const refused = await story.get('apps/v1 Deployment', 'web');
    expect(conditionOf(refused, 'ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate' });
    const [set] = await story.names('apps/v1 ReplicaSet');
    expect(await story.reasons(set ?? '')).toContain('FailedCreate');
    await story.patch('v1 ResourceQuota', 'q', { spec: { hard: { pods: '5' } } });
    await story.advance(1);
    const allowed = await story.get('apps/v1 Deployment', 'web');
    expect(conditionOf(allowed, 'ReplicaFailure')).toBeUndefined();
    expect(allowed.status).toMatchObject({ availableReplicas: 2 });
  });
});
