import { describe, expect, test } from 'vitest';
import { startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const SERVICE = 'v1 Service';
/** Metadata with a label that validation refuses. */
const INVALID = { labels: { '-': '' } };
const service = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...metadata },
  spec: { ports: [{ port: 80 }], ...spec },
});
const nodePort = (port: number): JsonObject => ({ type: 'NodePort', ports: [{ port: 80, nodePort: port }] });
const QUOTA: KubeObject = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q' },
  spec: { hard: { 'services.nodeports': '0' } },
};

describe('a refused creation of a Service', () => {
  test.each<[string, KubeObject, string]>([
    ['the name of another Service', service('a'), 'already exists'],
    ['an invalid label', service('b', {}, INVALID), 'metadata.labels'],
    ['a resourceVersion', service('b', {}, { resourceVersion: '5' }), 'resourceVersion should not be set'],
    ['a full quota', service('b', { type: 'NodePort' }), 'exceeded quota'],
  ])('with %s allocates no address', async (_, refused, message) => {
    await using story = await startClusterStory({ serviceCidr: '10.0.0.0/28' });
    await story.create(QUOTA);
    await story.create(service('a'));
    for (let count = 0; count < 16; count++) await expect(story.create(refused)).rejects.toThrow(message);
    await story.create(service('c'));
  });

  test.each<[string, JsonObject]>([
    ['address', { clusterIP: '10.96.7.7' }],
    ['node port', nodePort(30_001)],
  ])('leaves its %s free for the next Service', async (_, spec) => {
    await using story = await startClusterStory();
    await expect(story.create(service('a', spec, INVALID))).rejects.toThrow('metadata.labels');
    await story.create(service('b', spec));
    // A refused Service does not release values that another Service owns.
    await expect(story.create(service('b', spec))).rejects.toThrow('already allocated');
    await expect(story.create(service('c', spec))).rejects.toThrow('already allocated');
  });
});

describe('a refused update of a Service', () => {
  test('allocates no node port', async () => {
    await using story = await startClusterStory();
    await story.create(service('a'));
    await expect(story.patch(SERVICE, 'a', { metadata: INVALID, spec: nodePort(30_001) })).rejects.toThrow(
      'metadata.labels',
    );
    await story.create(service('b', nodePort(30_001)));
  });

  test('does not release the node port and the address', async () => {
    await using story = await startClusterStory();
    await story.create(service('a', { clusterIP: '10.96.7.7', ...nodePort(30_001) }));
    const change = { type: 'ExternalName', externalName: 'example.com', clusterIP: null, clusterIPs: null };
    await expect(story.patch(SERVICE, 'a', { metadata: INVALID, spec: change })).rejects.toThrow('metadata.labels');
    await expect(story.create(service('b', { clusterIP: '10.96.7.7' }))).rejects.toThrow('already allocated');
    await expect(story.create(service('b', nodePort(30_001)))).rejects.toThrow('already allocated');
    // The same change without the invalid label releases the node port and the address.
    await story.patch(SERVICE, 'a', { spec: change });
    await story.create(service('b', { clusterIP: '10.96.7.7', ...nodePort(30_001) }));
  });
});

test('the IP addresses of a load balancer get a default mode, and are removed when the type changes', async () => {
  await using story = await startClusterStory({ controllers: false });
  await story.create(service('a', { type: 'LoadBalancer' }));
  const ref = { apiVersion: 'v1', kind: 'Service', name: 'a', namespace: 'default' };
  const ingress = [{ ip: '192.0.2.1' }, { hostname: 'a.b' }];
  const balanced = await story.client.patch(ref, { status: { loadBalancer: { ingress } } }, { subresource: 'status' });
  expect(balanced.status).toEqual({
    loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }, { hostname: 'a.b' }] },
  });
  const changed = await story.client.patch(ref, { spec: { type: 'ClusterIP' } });
  expect(changed.status).toEqual({ loadBalancer: {} });
});
