import { expect, test } from 'vitest';
import type { ClusterStory } from '../../../test/support/cluster-story.ts';
import { startClusterStory } from '../../../test/support/cluster-story.ts';
import type { JsonObject } from '../../core/index.ts';

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

test('a node without conditions takes pods', async () => {
  await using story = await withNode({ taints: [own] });
  expect(await keysOf(story)).toEqual(['example.com/own:NoSchedule']);
});

test.each<[string[], string[]]>([
  [['Ready=True', 'MemoryPressure=False'], []],
  [['Ready=False'], ['not-ready:NoSchedule']],
  [['Ready=Unknown'], ['unreachable:NoSchedule']],
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

test('taints follow the conditions and the cordon, and taints of users stay', async () => {
  await using story = await withNode({ taints: [own, { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] });
  const kept = ['example.com/own:NoSchedule', 'not-ready:NoExecute'];
  await setConditions(story, 'Ready=False');
  expect(await keysOf(story)).toEqual([...kept, 'not-ready:NoSchedule']);
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
