import { describe, expect, test } from 'vitest';
import { type ClusterStory, podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject } from '@typekro/kit/core';

const REF = { apiVersion: 'v1', kind: 'Node', name: 'n' };
const own = { key: 'example.com/own', effect: 'NoSchedule' };

async function keysOf(story: ClusterStory): Promise<string[]> {
  await story.cluster.idle();
  const { spec } = await story.client.get(REF);
  return ((spec?.['taints'] ?? []) as { key: string; effect: string }[]).map(
    ({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`,
  );
}

const setConditions = (story: ClusterStory, ...conditions: readonly string[]) =>
  story.client.patch(
    REF,
    {
      status: {
        conditions: conditions.map((text) => {
          const [type = '', status = ''] = text.split('=');
          return { type, status };
        }),
      },
    },
    { subresource: 'status' },
  );

async function withNode(spec: JsonObject): Promise<ClusterStory> {
  const story = await startClusterStory();
  await story.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec });
  return story;
}

test('a node without conditions accepts pods', async () => {
  await using story = await withNode({ taints: [own] });
  expect(await keysOf(story)).toEqual(['example.com/own:NoSchedule']);
});

test.each<[string[], string[]]>([
  [['Ready=True', 'MemoryPressure=False'], []],
  [['Ready=False'], ['not-ready:NoSchedule', 'not-ready:NoExecute']],
  [['Ready=Unknown'], ['unreachable:NoSchedule', 'unreachable:NoExecute']],
  [
    ['Ready=True', 'MemoryPressure=True', 'DiskPressure=True', 'PIDPressure=True', 'NetworkUnavailable=True'],
    ['memory-pressure', 'disk-pressure', 'pid-pressure', 'network-unavailable'].map((key) => `${key}:NoSchedule`),
  ],
  [['constructor=True', 'Ready=toString'], []],
])('a node with the conditions %j has the taints %j', async (conditions, expected) => {
  await using story = await withNode({});
  await setConditions(story, ...conditions);
  expect(await keysOf(story)).toEqual(expected);
});

test('taints follow the conditions and spec.unschedulable, and taints of users are kept', async () => {
  const pressure = { key: 'node.kubernetes.io/disk-pressure', effect: 'NoExecute' };
  await using story = await withNode({ taints: [own, pressure] });
  const kept = ['example.com/own:NoSchedule', 'disk-pressure:NoExecute'];
  await setConditions(story, 'Ready=False');
  expect(await keysOf(story)).toEqual([...kept, 'not-ready:NoSchedule', 'not-ready:NoExecute']);
  await setConditions(story, 'Ready=Unknown');
  expect(await keysOf(story)).toEqual([...kept, 'unreachable:NoSchedule', 'unreachable:NoExecute']);
  await story.client.patch(REF, { spec: { unschedulable: true } });
  await setConditions(story, 'Ready=True');
  expect(await keysOf(story)).toEqual([...kept, 'unschedulable:NoSchedule']);
  const { resourceVersion } = (await story.client.get(REF)).metadata;
  await setConditions(story, 'Ready=True', 'DiskPressure=False');
  expect(await keysOf(story)).toEqual([...kept, 'unschedulable:NoSchedule']);
  expect(Number((await story.client.get(REF)).metadata.resourceVersion)).toBe(Number(resourceVersion) + 1);
  await story.client.patch(REF, { spec: { unschedulable: false } });
  expect(await keysOf(story)).toEqual(kept);
});

describe('a node that is not ready', () => {
  const setReady = async (story: ClusterStory, name: string, status: string) => {
    await story.client.patch(
      { ...REF, name },
      { status: { conditions: [{ type: 'Ready', status }] } },
      { subresource: 'status' },
    );
    await story.cluster.idle();
  };
  const evicting = async (story: ClusterStory) =>
    (await story.list('v1 Node')).flatMap(({ metadata, spec }) => {
      const taints = (spec?.['taints'] ?? []) as { effect: string }[];
      return taints.some(({ effect }) => effect === 'NoExecute') ? [metadata.name] : [];
    });

  test('loses its pods after their toleration seconds, except pods of DaemonSets', async () => {
    await using story = await startClusterStory();
    const labels = { app: 'd' };
    const selector = { matchLabels: labels };
    const toleration = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' };
    const template = podTemplate(labels);
    const spec = { ...(template['spec'] as JsonObject), tolerations: [{ ...toleration, tolerationSeconds: 5 }] };
    await story.create({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'd' },
      spec: { selector, template: { ...template, spec } },
    });
    await story.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    const [daemon = ''] = (await story.names('v1 Pod')).filter((name) => name !== 'p');
    await story.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
    await setReady(story, 'n', 'True');
    await setReady(story, 'fake-0', 'False');
    await story.advance(299);
    expect((await story.get('v1 Pod', 'p')).metadata.deletionTimestamp).toBeUndefined();
    await story.advance(1);
    await story.advance(60);
    expect(await story.names('v1 Pod')).not.toContain('p');
    expect(await story.names('v1 Pod')).toContain(daemon);
  });

  test('keeps its pods while no node is ready, apart from nodes that are excluded from disruption', async () => {
    await using story = await withNode({});
    await setReady(story, 'n', 'Unknown');
    expect(await evicting(story)).toEqual(['n']);
    await setReady(story, 'fake-0', 'False');
    expect(await evicting(story)).toEqual([]);
    await story.client.patch(
      { ...REF, name: 'fake-0' },
      { metadata: { labels: { 'node.kubernetes.io/exclude-disruption': '' } } },
    );
    await setReady(story, 'fake-0', 'True');
    expect(await evicting(story)).toEqual([]);
    await story.client.patch(
      { ...REF, name: 'fake-0' },
      { metadata: { labels: { 'node.kubernetes.io/exclude-disruption': null } } },
    );
    await story.cluster.idle();
    expect(await evicting(story)).toEqual(['n']);
    await story.client.delete({ ...REF, name: 'fake-0' });
    await story.cluster.idle();
    expect(await evicting(story)).toEqual([]);
  });

  test('keeps its pods while two other nodes of the five in its zone have been not ready for longer', async () => {
    await using story = await startClusterStory();
    const labels = { 'topology.kubernetes.io/zone': 'z' };
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await story.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
      await setReady(story, name, 'True');
    }
    for (const name of ['a', 'b', 'c']) await setReady(story, name, 'False');
    expect(await evicting(story)).toEqual(['a', 'b']);
    await setReady(story, 'fake-0', 'Unknown');
    expect(await evicting(story)).toEqual(['a', 'b', 'fake-0']);
    await setReady(story, 'a', 'True');
    expect(await evicting(story)).toEqual(['b', 'c', 'fake-0']);
  });
});

test('a node has the deprecated labels for old node selectors', async () => {
  await using story = await startClusterStory();
  const labelsOf = async (name: string) => (await story.client.get({ ...REF, name })).metadata.labels;
  expect(await labelsOf('fake-0')).toMatchObject({
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': 'amd64',
  });
  const labels = { 'kubernetes.io/os': 'windows', 'beta.kubernetes.io/os': 'linux' };
  await story.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'w', labels } });
  await story.cluster.idle();
  expect(await labelsOf('w')).toEqual({ 'kubernetes.io/os': 'windows', 'beta.kubernetes.io/os': 'windows' });
});
