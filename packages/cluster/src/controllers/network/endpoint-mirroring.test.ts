import { describe, expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const SLICE = 'discovery.k8s.io/v1 EndpointSlice';
const service = (spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'm' },
  spec: { ports: [{ port: 80 }], ...spec },
});
const subset = (...ips: string[]): JsonObject => ({ addresses: ips.map((ip) => ({ ip })), ports: [{ port: 80 }] });
const endpoints = (subsets: JsonObject[], metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'm', ...metadata },
  subsets,
});
const mirrors = async (story: ClusterStory) =>
  (await story.list(SLICE)).filter(
    ({ metadata }) =>
      metadata.labels?.['endpointslice.kubernetes.io/managed-by'] === 'endpointslicemirroring-controller.k8s.io',
  );

describe('the Endpoints of a Service without a selector', () => {
  test('are mirrored, and changes are mirrored too', async () => {
    await using story = await startClusterStory();
    await story.create(service());
    const labels = { tier: 'web' };
    const annotations = { note: 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    const { metadata } = await story.create(endpoints([subset('10.1.0.1')], { labels, annotations }));
    const [slice] = await mirrors(story);
    expect(slice).toMatchObject({
      metadata: {
        labels: { tier: 'web', 'kubernetes.io/service-name': 'm' },
        annotations: { note: 'x' },
        ownerReferences: [{ kind: 'Endpoints', uid: metadata.uid, controller: true }],
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true } }],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    });
    expect(slice?.metadata.annotations).not.toHaveProperty('kubectl.kubernetes.io/last-applied-configuration');
    const notReady = { notReadyAddresses: [{ ip: '10.1.0.2', hostname: 'h' }], ports: [{ name: 'b', port: 81 }] };
    await story.patch('v1 Endpoints', 'm', { subsets: [notReady] });
    const [changed] = await mirrors(story);
    expect(changed).toMatchObject({
      metadata: { name: slice?.metadata.name },
      endpoints: [{ addresses: ['10.1.0.2'], hostname: 'h', conditions: { ready: false } }],
      ports: [{ name: 'b', port: 81 }],
    });
    await story.remove('v1 Endpoints', 'm');
    expect(await mirrors(story)).toEqual([]);
  });

  test('with IPv4 and IPv6 addresses are mirrored to two slices', async () => {
    await using story = await startClusterStory();
    await story.create(service());
    await story.create(endpoints([subset('10.1.0.1', 'fd00::1')]));
    expect((await mirrors(story)).map((slice) => slice['addressType']).toSorted()).toEqual(['IPv4', 'IPv6']);
  });

  test('with more than 1000 addresses are mirrored in part, with an event', async () => {
    await using story = await startClusterStory();
    await story.create(service());
    const ips = Array.from({ length: 1003 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    await story.create(endpoints([subset(...ips)]));
    expect((await mirrors(story))[0]?.['endpoints']).toHaveLength(1000);
    expect(await story.reasons('m')).toContain('TooManyAddressesToMirror');
  });

  test('are mirrored again after a deletion of the mirror', async () => {
    await using story = await startClusterStory();
    await story.create(service());
    await story.create(endpoints([subset('10.1.0.1')]));
    const [slice] = await mirrors(story);
    await story.remove(SLICE, slice?.metadata.name ?? '');
    expect(await mirrors(story)).toHaveLength(1);
  });
});

describe('Endpoints are not mirrored', () => {
  test.each<[string, KubeObject | undefined, JsonObject]>([
    ['without a Service', undefined, {}],
    ['for a Service with a selector', service({ selector: { app: 'm' } }), {}],
    ['with the label skip-mirror', service(), { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }],
    [
      'with the annotation of a leader election',
      service(),
      { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } },
    ],
  ])('%s', async (_title, owner, metadata) => {
    await using story = await startClusterStory({ controllers: { disable: ['endpointslice-controller'] } });
    if (owner !== undefined) await story.create(owner);
    await story.create(endpoints([subset('10.1.0.1')], metadata));
    expect(await mirrors(story)).toEqual([]);
  });

  test('after their Service gets a selector', async () => {
    await using story = await startClusterStory();
    await story.create(service());
    await story.create(endpoints([subset('10.1.0.1')]));
    await story.patch('v1 Service', 'm', { spec: { selector: { app: 'm' } } });
    expect(await mirrors(story)).toEqual([]);
  });
});
