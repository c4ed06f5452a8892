import { describe, expect, test } from 'vitest';
import { podTemplate, startClusterStory } from '../../test-support/cluster-story.ts';
import type { KubeObject } from '@typekro/kit/core';

const DEPLOYMENT = 'apps/v1 Deployment';
const labels = { app: 'web' };

const deployment = (
  annotations: Record<string, string> = {},
  podAnnotations: Record<string, string> = {},
): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', annotations },
  spec: { selector: { matchLabels: labels }, template: podTemplate(labels, podAnnotations) },
});

describe('options of the controllers', () => {
  test('a disabled controller does nothing, and the other controllers work', async () => {
    await using story = await startClusterStory({ controllers: { disable: ['replicaset-controller'] } });
    await story.create(deployment());
    expect(await story.names('apps/v1 ReplicaSet')).toHaveLength(1);
    expect(await story.names('v1 Pod')).toEqual([]);
    expect(story.cluster.controllers.names).toContain('replicaset-controller');
  });

  test('a slow controller works after its delay', async () => {
    await using story = await startClusterStory({ controllers: { delay: { 'deployment-controller': 5000 } } });
    await story.create(deployment());
    expect(await story.names('apps/v1 ReplicaSet')).toEqual([]);
    await story.advance(4.999);
    expect(await story.names('apps/v1 ReplicaSet')).toEqual([]);
    await story.advance(0.001);
    expect(await story.names('apps/v1 ReplicaSet')).toHaveLength(1);
  });

  test('a delay of all controllers accumulates along a chain of objects', async () => {
    await using story = await startClusterStory({ controllers: { delay: { '*': 1000 } } });
    await story.create(deployment());
    const seen: number[] = [];
    for (let second = 0; second < 4; second += 1) {
      seen.push((await story.names('apps/v1 ReplicaSet')).length + (await story.names('v1 Pod')).length);
      await story.advance(1);
    }
    expect(seen).toEqual([0, 1, 2, 2]);
  });

  test('a held controller queues work until it is released', async () => {
    await using story = await startClusterStory({ controllers: { hold: ['kubelet'] } });
    await story.create(deployment());
    const phases = async () => (await story.list('v1 Pod')).map(({ status }) => status?.['phase']);
    expect(await phases()).toEqual(['Pending']);
    story.cluster.controllers.release('kubelet');
    await story.cluster.idle();
    expect(await phases()).toEqual(['Running']);
    story.cluster.controllers.hold('kubelet');
    await story.patch(DEPLOYMENT, 'web', { spec: { replicas: 2 } });
    expect((await phases()).map(String).toSorted()).toEqual(['Pending', 'Running']);
  });

  test('a failing controller retries every second', async () => {
    await using story = await startClusterStory({ controllers: { fail: { 'deployment-controller': 2 } } });
    await story.create(deployment());
    await story.advance(1);
    expect(await story.names('apps/v1 ReplicaSet')).toEqual([]);
    await story.advance(1);
    expect(await story.names('apps/v1 ReplicaSet')).toHaveLength(1);
    story.cluster.controllers.fail('replicaset-controller');
    await story.patch(DEPLOYMENT, 'web', { spec: { replicas: 3 } });
    await story.advance(600);
    expect(await story.names('v1 Pod')).toHaveLength(1);
    story.cluster.controllers.fail('replicaset-controller', 0);
    await story.advance(1);
    expect(await story.names('v1 Pod')).toHaveLength(3);
  });

  test.each([
    { disable: ['no-such-controller'] },
    { hold: ['toString'] },
    { delay: { constructor: 1 } },
    { fail: { Kubelet: 1 } },
  ])('an unknown controller name is refused: %j', async (controllers) => {
    await expect(startClusterStory({ controllers })).rejects.toThrow(/no simulated controller is named/);
  });

  test('a cluster without controllers has no controller names', async () => {
    await using story = await startClusterStory({ controllers: false });
    expect(story.cluster.controllers.names).toEqual([]);
    expect(() => story.cluster.controllers.hold('kubelet')).toThrow(/no simulated controller/);
  });
});

describe('annotations of an object', () => {
  const HOLD = 'typekro.dev/simulate-hold';

  test('hold the controllers that they name, until the annotations are removed', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ [HOLD]: 'deployment-controller' }));
    expect(await story.names('apps/v1 ReplicaSet')).toEqual([]);
    await story.patch(DEPLOYMENT, 'web', { metadata: { annotations: { [HOLD]: null } } });
    expect(await story.names('v1 Pod')).toHaveLength(1);
  });

  test('hold the removal of a deleted pod', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({}, { [HOLD]: 'kubelet' }));
    const [name = ''] = await story.names('v1 Pod');
    await story.remove('v1 Pod', name);
    const pod = await story.get('v1 Pod', name);
    expect(pod.metadata.deletionTimestamp).toBe('2026-01-01T12:00:30Z');
    expect(await story.names('v1 Pod')).toHaveLength(2);
  });

  test('slow only the work on their object', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ 'typekro.dev/simulate-delay-seconds': '60' }));
    expect(await story.names('apps/v1 ReplicaSet')).toEqual([]);
    await story.advance(60);
    expect(await story.names('v1 Pod')).toHaveLength(1);
  });

  test('fail the work on their object, with an event', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'lb', annotations: { 'typekro.dev/simulate-failure': 'SyncLoadBalancerFailed' } },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    });
    expect((await story.get('v1 Service', 'lb')).status).toEqual({ loadBalancer: {} });
    expect(await story.reasons('lb')).toContain('SyncLoadBalancerFailed');
  });

  test('are not copied from a Deployment to its ReplicaSets, unlike other annotations', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ [HOLD]: 'ingress-controller', 'example.com/team': 'blue' }));
    const [set] = await story.list('apps/v1 ReplicaSet');
    expect(set?.metadata.annotations).toMatchObject({ 'example.com/team': 'blue' });
    expect(set?.metadata.annotations).not.toHaveProperty([HOLD]);
  });
});
