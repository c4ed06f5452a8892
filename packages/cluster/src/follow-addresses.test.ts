import { describe, expect, test } from 'vitest';
import { startClusterStory } from '../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';
import { rangeContains, strictAddressProblem, strictCidrProblem } from './kinds/network/ip-addresses.ts';

const ADDRESS = 'networking.k8s.io/v1 IPAddress';
const RANGE = 'networking.k8s.io/v1 ServiceCIDR';

const service = (name: string, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});
const range = (name: string, ...cidrs: string[]): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name, namespace: '' },
  spec: { cidrs },
});
const address = (name: string): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: { name, namespace: '' },
  spec: { parentRef: { resource: 'gateways', group: 'example.com', name: 'g' } },
});

describe.each([true, false])('a cluster (controllers: %s)', (controllers) => {
  test('starts with its Service range, and with the IPAddress and endpoints of the Service kubernetes', async () => {
    await using story = await startClusterStory({ controllers });
    expect((await story.get(RANGE, 'kubernetes')).spec).toEqual({ cidrs: ['10.96.0.0/16'] });
    expect(conditionOf(await story.get(RANGE, 'kubernetes'), 'Ready')?.['status']).toBe('True');
    expect(await story.names(ADDRESS, '')).toEqual(['10.96.0.1']);
    expect(await story.get('v1 Endpoints', 'kubernetes')).toMatchObject({
      subsets: [{ addresses: [{ ip: '10.0.0.10' }], ports: [{ name: 'https', port: 6443 }] }],
    });
    expect(await story.list('discovery.k8s.io/v1 EndpointSlice')).toMatchObject([
      { metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } } },
    ]);
  });

  test('has an IPAddress for each address of a Service', async () => {
    await using story = await startClusterStory({ controllers });
    await story.create(service('a', { clusterIP: '10.96.7.7' }));
    await story.create(service('headless', { clusterIP: 'None' }));
    expect(await story.get(ADDRESS, '10.96.7.7')).toMatchObject({
      metadata: {
        labels: {
          'ipaddress.kubernetes.io/ip-family': 'IPv4',
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'a' } },
    });
    await story.remove('v1 Service', 'a');
    expect(await story.names(ADDRESS, '')).toEqual(['10.96.0.1']);
  });
});

describe('the IPAddress of a Service', () => {
  test.each([
    ['even if its label was removed', { metadata: { labels: null } }],
    ['even if its label was changed', { metadata: { labels: { 'ipaddress.kubernetes.io/managed-by': 'other' } } }],
    ['if nothing else changed', {}],
  ])('is created again after a client has deleted it, %s', async (_, change) => {
    await using story = await startClusterStory();
    await story.create(service('a', { clusterIP: '10.96.7.7' }));
    await story.patch(ADDRESS, '10.96.7.7', change, '');
    const { uid } = (await story.get(ADDRESS, '10.96.7.7')).metadata;
    await story.client.delete({ ...address('10.96.7.7'), name: '10.96.7.7' });
    const again = await story.get(ADDRESS, '10.96.7.7');
    expect(again).toMatchObject({ spec: { parentRef: { resource: 'services', namespace: 'default', name: 'a' } } });
    expect(again.metadata.uid).not.toBe(uid);
    await expect(story.create(service('b', { clusterIP: '10.96.7.7' }))).rejects.toThrow('already allocated');
  });

  test('is deleted with the Service, even without its label', async () => {
    await using story = await startClusterStory();
    await story.create(service('a', { clusterIP: '10.96.7.7' }));
    await story.patch(ADDRESS, '10.96.7.7', { metadata: { labels: null } }, '');
    await story.remove('v1 Service', 'a');
    expect(await story.find(ADDRESS, '10.96.7.7')).toBeUndefined();
    await story.create(service('b', { clusterIP: '10.96.7.7' }));
  });
});

describe('an IPAddress of another client', () => {
  test('reserves its address until it is removed', async () => {
    await using story = await startClusterStory();
    await story.create(address('10.96.7.7'));
    await expect(story.create(service('a', { clusterIP: '10.96.7.7' }))).rejects.toThrow('already allocated');
    await story.client.delete({ ...address('10.96.7.7'), name: '10.96.7.7' });
    await story.create(service('a', { clusterIP: '10.96.7.7' }));
  });

  test('reserves its address regardless of its labels', async () => {
    await using story = await startClusterStory();
    const labels = { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' };
    const named = address('10.96.7.7');
    await story.create({ ...named, metadata: { ...named.metadata, labels } });
    await expect(story.create(service('a', { clusterIP: '10.96.7.7' }))).rejects.toThrow('already allocated');
    await story.client.delete({ ...named, name: '10.96.7.7' });
    await story.create(service('a', { clusterIP: '10.96.7.7' }));
  });

  test('may have a name with colons', async () => {
    await using story = await startClusterStory();
    await story.create(address('2001:db8::1'));
    expect((await story.get(ADDRESS, '2001:db8::1')).metadata.name).toBe('2001:db8::1');
  });

  test('is refused without a parent or with an invalid name', async () => {
    await using story = await startClusterStory();
    await expect(story.create({ ...address('10.96.7.7'), spec: { parentRef: null } })).rejects.toThrow(
      'spec.parentRef: Required value',
    );
    for (const name of ['10.96.7', 'fe80::1%eth0'])
      await expect(story.create(address(name))).rejects.toThrow('must be a valid IP address');
  });
});

describe('a ServiceCIDR', () => {
  test('adds addresses, and is not deleted while Services use them', async () => {
    await using story = await startClusterStory();
    await story.create(range('more', '10.200.0.0/24'));
    expect((await story.get(RANGE, 'more')).metadata.finalizers).toEqual(['networking.k8s.io/service-cidr-finalizer']);
    await story.create(service('a', { clusterIP: '10.200.0.9' }));
    await story.remove(RANGE, 'more');
    expect(conditionOf(await story.get(RANGE, 'more'), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'Terminating',
    });
    await expect(story.create(service('b', { clusterIP: '10.200.0.10' }))).rejects.toThrow('does not match');
    await story.remove('v1 Service', 'a');
    expect(await story.find(RANGE, 'more')).toBeUndefined();
  });

  test.each<[string[], string]>([
    [[], 'spec.cidrs: Required value: at least one CIDR required'],
    [['10.0.0.1/8'], 'must not have bits set beyond the prefix length'],
    [['10.0.0.0/8', '11.0.0.0/8'], 'may specify no more than one IP for each IP family'],
    [['10.0.0.0/33'], 'must be a valid CIDR value'],
    [['fe80::%eth0/64'], 'must be a valid CIDR value'],
  ])('with the ranges %j is refused', async (cidrs, text) => {
    await using story = await startClusterStory();
    await expect(story.create(range('wrong', ...cidrs))).rejects.toThrow(text);
  });

  test('can be deleted while another ServiceCIDR has the same range, which stays available', async () => {
    await using story = await startClusterStory();
    for (const name of ['one', 'two']) await story.create(range(name, '10.200.0.0/24'));
    await story.create(range('default', '10.96.0.0/16'));
    await story.remove(RANGE, 'one');
    await story.remove(RANGE, 'default');
    await story.create(service('a', { clusterIP: '10.200.0.9' }));
    await story.create(service('b'));
    await story.remove(RANGE, 'two');
    await expect(story.create(service('c', { clusterIP: '10.200.0.10' }))).rejects.toThrow('does not match');
  });

  test('provides addresses when the first range is full', async () => {
    await using story = await startClusterStory({ serviceCidr: '10.0.0.0/30' });
    await story.create(service('a'));
    await expect(story.create(service('b'))).rejects.toThrow('range is full');
    await story.create(range('more', '10.200.0.0/30'));
    await story.create(service('b'));
    await story.create(service('c'));
    expect(await story.names(ADDRESS, '')).toEqual(['10.0.0.1', '10.0.0.2', '10.200.0.1', '10.200.0.2']);
    await expect(story.create(service('d'))).rejects.toThrow('range is full');
  });

  test('cannot change its range, but may get a second range of the other IP family', async () => {
    await using story = await startClusterStory();
    await story.create(range('r', '10.200.0.0/24'));
    await expect(story.patch(RANGE, 'r', { spec: { cidrs: ['10.201.0.0/24'] } })).rejects.toThrow('field is immutable');
    await story.patch(RANGE, 'r', { spec: { cidrs: ['10.200.0.0/24', 'fd00::/112'] } });
  });
});

test('a cluster that restores a snapshot has the addresses and ranges of the snapshot', async () => {
  await using story = await startClusterStory();
  await story.create(range('more', '10.200.0.0/24'));
  await story.create(service('a', { clusterIP: '10.200.0.9' }));
  const snapshot = story.cluster.snapshot();
  await using other = await startClusterStory();
  other.cluster.restore(snapshot);
  expect(await other.names(ADDRESS, '')).toEqual(['10.200.0.9', '10.96.0.1']);
  await expect(other.create(service('b', { clusterIP: '10.200.0.9' }))).rejects.toThrow('already allocated');
  await other.create(service('b', { clusterIP: '10.200.0.10' }));
});

test.each([true, false])(
  'a restored state of an earlier release gets the objects that this release adds (controllers: %s)',
  async (controllers) => {
    await using story = await startClusterStory();
    await story.create(service('a'));
    const snapshot = story.cluster.snapshot();
    const added = ['servicecidrs', 'ipaddresses', 'endpoints', 'endpointslices'];
    const collections = snapshot.collections.filter(({ plural }) => !added.includes(plural));
    await using other = await startClusterStory({ controllers });
    other.cluster.restore({ ...snapshot, collections });
    await other.cluster.idle();
    expect(await other.names(RANGE, '')).toEqual(['kubernetes']);
    expect(conditionOf(await other.get(RANGE, 'kubernetes'), 'Ready')?.['status']).toBe('True');
    expect(await other.names(ADDRESS, '')).toHaveLength(2);
    expect(await other.get('v1 Endpoints', 'kubernetes')).toMatchObject({
      subsets: [{ addresses: [{ ip: '10.0.0.10' }] }],
    });
    expect(await other.names('discovery.k8s.io/v1 EndpointSlice')).toContain('kubernetes');
  },
);

test('a cluster that restores a snapshot does not change the objects of the snapshot', async () => {
  await using story = await startClusterStory();
  const snapshot = story.cluster.snapshot();
  await using other = await startClusterStory({ controllers: false });
  other.cluster.restore(snapshot);
  // The ConfigMap `extension-apiserver-authentication` is left out: it contains a CA certificate, and each cluster has
  // its own CA.
  const collectionsOf = ({ collections }: typeof snapshot) =>
    collections.map(({ items, ...rest }) => ({
      ...rest,
      items: items.filter(({ metadata }) => metadata.name !== 'extension-apiserver-authentication'),
    }));
  expect(collectionsOf(other.cluster.snapshot())).toEqual(collectionsOf(snapshot));
});

test.each<[string, string | undefined]>([
  ['10.0.0.1', undefined],
  ['fd00::1', undefined],
  ['fd00:0:0::1', 'must be in canonical form ("fd00::1")'],
  ['::ffff:1.2.3.4', 'must not be an IPv4-mapped IPv6 address'],
  ['10.0.0', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ['fe80::1%eth0', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
])('the problem of the address %s is %s', (text, problem) => {
  expect(strictAddressProblem(text)).toBe(problem);
});

test.each<[string, string | undefined]>([
  ['10.0.0.0/8', undefined],
  ['fd00::/64', undefined],
  ['fd00:0::/64', 'must be in canonical form ("fd00::/64")'],
  ['fd00::1/64', 'must not have bits set beyond the prefix length'],
  ['fe80::%eth0/64', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
])('the problem of the range %s is %s', (text, problem) => {
  expect(strictCidrProblem(text)).toBe(problem);
});

test.each<[string, string, boolean]>([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['0.0.0.0/0', '11.0.0.1', true],
  ['fd00::/64', 'fd00::ffff', true],
  ['fd00::/64', 'fd00:0:0:1::', false],
  ['fd00::/64', '10.0.0.1', false],
])('the range %s contains %s: %s', (cidr, text, expected) => {
  expect(rangeContains(cidr, text)).toBe(expected);
});
