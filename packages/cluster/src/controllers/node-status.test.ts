import { expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject } from '@typekro/kit/core';

const SIMULATED = { 'typekro.dev/simulated': 'true' };

async function createdNode(story: ClusterStory, annotations: Record<string, string>, status?: JsonObject) {
  await story.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', annotations },
    ...(status === undefined ? {} : { status }),
  });
  return (await story.get('v1 Node', 'n1')).status ?? {};
}

test('a simulated node that a user creates has the status of fake-0, with its own name', async () => {
  await using story = await startClusterStory();
  const status = await createdNode(story, SIMULATED);
  const own = (await story.get('v1 Node', 'fake-0')).status;
  expect(JSON.parse(JSON.stringify(status).replaceAll('n1', 'fake-0'))).toEqual(own);
  expect(status['conditions']).toMatchObject([{ type: 'Ready', status: 'True' }]);
});

test('an existing node gets its status when it becomes simulated', async () => {
  await using story = await startClusterStory();
  expect(await createdNode(story, {})).not.toHaveProperty('conditions');
  await story.patch('v1 Node', 'n1', { metadata: { annotations: SIMULATED } });
  expect((await story.get('v1 Node', 'n1')).status).toMatchObject({ conditions: [{ type: 'Ready' }] });
});

test('values that a user has set are kept, and absent values are added', async () => {
  await using story = await startClusterStory();
  const own = {
    capacity: { cpu: '4', 'example.com/gpu': '2' },
    addresses: [{ type: 'InternalIP', address: '10.1.2.3' }],
    conditions: [
      { type: 'Ready', status: 'False', reason: 'Broken' },
      { type: 'DiskPressure', status: 'True' },
    ],
    nodeInfo: { kubeletVersion: 'v1.32.4' },
  };
  const status = await createdNode(story, SIMULATED, own);
  expect(status).toMatchObject({
    ...own,
    allocatable: { cpu: '4', memory: '80000Gi', pods: '150k', 'example.com/gpu': '2' },
    nodeInfo: { kubeletVersion: 'v1.32.4', osImage: 'simulated' },
  });
  await story.client.patch(
    { apiVersion: 'v1', kind: 'Node', name: 'n1' },
    { status: { allocatable: { cpu: '3' }, conditions: [] } },
    { subresource: 'status' },
  );
  await story.cluster.idle();
  expect((await story.get('v1 Node', 'n1')).status).toMatchObject({
    allocatable: { cpu: '3', memory: '80000Gi' },
    conditions: [{ type: 'Ready', status: 'True' }],
  });
});
