import { describe, expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';

const HOST_PORT = 21_017;
const onPort = (spec: JsonObject = {}): JsonObject => ({
  nodeName: 'fake-0',
  containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: HOST_PORT }] }],
  ...spec,
});
const pod = (name: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const workload = (kind: string, more: JsonObject = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'w' },
  spec: {
    selector: { matchLabels: { app: 'w' } },
    template: { metadata: { labels: { app: 'w' } }, spec: onPort() },
    ...more,
  },
});
const statusOf = async (story: ClusterStory, name: string) => (await story.find('v1 Pod', name))?.status;

describe('the kubelet refuses a pod with nodeName', () => {
  test.each<[string, JsonObject, string, string]>([
    [
      'when a port is in use',
      onPort(),
      'NodePorts',
      "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    ],
    [
      'when a resource is insufficient',
      { nodeName: 'fake-0', containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '30k' } } }] },
      'OutOfcpu',
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 30000000, used: 0, capacity: 20000000",
    ],
  ])('%s', async (_, spec, reason, message) => {
    await using story = await startClusterStory();
    await story.create(pod('a', onPort()));
    await story.create(pod('b', spec));
    expect((await statusOf(story, 'a'))?.['phase']).toBe('Running');
    const status = await statusOf(story, 'b');
    expect(status).toMatchObject({ phase: 'Failed', reason, message });
    expect(status).not.toHaveProperty('containerStatuses');
    const [event] = (await story.list('v1 Event')).filter((each) => each['reason'] === reason);
    expect(event).toMatchObject({ type: 'Warning', message: message.slice('Pod was rejected: '.length) });
  });
});

test('a pod whose status is too large to be stored has no events of a start, however often the kubelet tries', async () => {
  await using story = await startClusterStory();
  const containers = Array.from({ length: 600 }, (_, index) => ({ name: `c${index}`, image: 'i'.repeat(1200) }));
  await story.create(pod('a', { containers }));
  expect((await statusOf(story, 'a'))?.['phase']).toBe('Pending');
  const reasons = (await story.list('v1 Event')).map(({ reason }) => reason);
  expect(reasons.toSorted()).toEqual(['FailedSync', 'Scheduled']);
});

test('a refused pod does not occupy a port of its node, and a deleted pod frees its port', async () => {
  await using story = await startClusterStory();
  await story.create(pod('a', onPort()));
  await story.create(pod('b', onPort()));
  await story.remove('v1 Pod', 'a');
  await story.advance(60);
  await story.create(pod('c', onPort()));
  expect((await statusOf(story, 'c'))?.['phase']).toBe('Running');
  expect((await statusOf(story, 'b'))?.['phase']).toBe('Failed');
});

test('a StatefulSet replaces each pod that the kubelet refuses, with increasing pauses, until the node has room', async () => {
  await using story = await startClusterStory();
  await story.create(pod('a', onPort()));
  await story.create(workload('StatefulSet', { serviceName: 'w' }));
  const uids = new Set<string>();
  const uidOf = async () => (await story.find('v1 Pod', 'w-0'))?.metadata.uid ?? '';
  for (let second = 0; second < 8; second += 1) {
    uids.add(await uidOf());
    await story.advance(1);
  }
  uids.delete('');
  // The kubelet refuses the first pod immediately, and the later pods 1, 2 and 4 seconds after their predecessors.
  expect(uids.size).toBe(4);
  await story.remove('v1 Pod', 'a');
  await story.advance(60);
  expect((await statusOf(story, 'w-0'))?.['phase']).toBe('Running');
});

test('the pauses of a workload are reset after its node has accepted a pod', async () => {
  await using story = await startClusterStory();
  const names = async (phase: string) =>
    (await story.list('v1 Pod'))
      .filter(({ status }) => status?.['phase'] === phase)
      .map(({ metadata }) => metadata.name);
  await story.create(pod('a', onPort()));
  await story.create(workload('ReplicaSet'));
  for (let second = 0; second < 7; second += 1) await story.advance(1);
  expect(await names('Failed')).toHaveLength(4);
  const removeAtOnce = async (name: string) => {
    const ref = { apiVersion: 'v1', kind: 'Pod', name, namespace: 'default' };
    await story.client.delete(ref, { gracePeriodSeconds: 0 });
    await story.cluster.idle();
  };
  await removeAtOnce('a');
  await story.advance(10);
  const [replica = ''] = await names('Running');
  // The kubelet is held until `b` exists and the running replica is gone. It then handles `b` before the next replica.
  story.cluster.controllers.hold('kubelet');
  await story.create(pod('b', onPort()));
  await removeAtOnce(replica);
  story.cluster.controllers.release('kubelet');
  await story.cluster.idle();
  expect([await names('Running'), (await names('Failed')).length]).toEqual([['b'], 5]);
  await story.advance(1);
  expect(await names('Failed')).toHaveLength(6);
});

test('a restored node with the default resources of an earlier release gets the present defaults, and resources set by a user are kept', async () => {
  await using story = await startClusterStory();
  const former = { cpu: '64', memory: '256Gi', pods: '10k', 'ephemeral-storage': '1Ti' };
  const node = { apiVersion: 'v1', kind: 'Node', name: 'fake-0' };
  const cpuAfterRestore = async (allocatable: JsonObject) => {
    const status = { capacity: allocatable, allocatable };
    await story.client.patch(node, { status }, { subresource: 'status' });
    const snapshot = story.cluster.snapshot();
    story.cluster.restore(snapshot);
    await story.cluster.idle();
    return textAt((await story.client.get(node)).status, 'allocatable', 'cpu');
  };
  expect(await cpuAfterRestore({ ...former, cpu: '8' })).toBe('8');
  expect(await cpuAfterRestore(former)).toBe('20k');
});
