import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import type { StoreEvent } from '../store/store.ts';
import { type ControllerClient, EventLimits } from './controller-client.ts';
import { quotaController } from './quota.ts';
import { RefusalPauses } from './refusal-pauses.ts';

const MINUTE = 60_000;

test.each<[string, readonly number[], number]>([
  ['25 Events at once', Array.from({ length: 25 }, () => 0), 25],
  ['26 Events at once', Array.from({ length: 26 }, () => 0), 25],
  ['one more after five minutes', [...Array.from({ length: 30 }, () => 0), 5 * MINUTE, 5 * MINUTE], 26],
  ['none after less', [...Array.from({ length: 25 }, () => 0), 5 * MINUTE - 1], 25],
  ['one each five minutes, without an end', Array.from({ length: 60 }, (_, i) => i * 5 * MINUTE), 60],
  ['never more than 25 at once', [0, ...Array.from({ length: 40 }, () => 500 * MINUTE)], 26],
])('Events about one object: %s', (_, times, expected) => {
  const limits = new EventLimits();
  expect(times.filter((at) => limits.allows('kubelet', 'a', at))).toHaveLength(expected);
  expect(limits.allows('kubelet', 'b', times.at(-1) ?? 0)).toBe(true);
  expect(limits.allows('scheduler', 'a', times.at(-1) ?? 0)).toBe(true);
});

test('a pod with many containers starts with few Events', async () => {
  await using story = await startClusterStory({});
  const containers = Array.from({ length: 200 }, (_, index) => ({ name: `c${index}`, image: 'i' }));
  await story.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } });
  await story.cluster.idle();
  expect(await story.get('v1 Pod', 'p')).toMatchObject({ status: { phase: 'Running' } });
  const events = await story.list('v1 Event');
  const own = events.filter(({ source }) => (source as { component: string }).component === 'kubelet');
  expect(own.reduce((sum, { count }) => sum + Number(count), 0)).toBe(25);
});

const LIMITS = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`count/r${index}.example.com`, '5']));

test('the limits of a quota are read once, and only stored resources are counted, however many writes follow', () => {
  let reads = 0;
  const hard: JsonObject = new Proxy(
    { ...LIMITS, 'count/configmaps': '5' },
    { ownKeys: (target) => ((reads += 1), Reflect.ownKeys(target)) },
  );
  const metadata = { namespace: 'default', name: 'q' };
  let quota: KubeObject = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'm' } };
  const listed: string[] = [];
  let writes = 0;
  const client = {
    isEmpty: () => false,
    populated: () => ['configmaps', 'pods'].map((plural) => ({ group: '', plural })),
    get: () => quota,
    list: (resource: { plural: string }) => {
      listed.push(resource.plural);
      return resource.plural === 'resourcequotas' ? [quota] : [object];
    },
    now: () => 0,
    updateStatus: (_: KubeObject, status: JsonObject) => {
      writes += 1;
      quota = { ...quota, status };
    },
  } as unknown as ControllerClient;
  const event = (plural: string) =>
    ({ type: 'ADDED', collection: { group: '', plural }, stored: { object } }) as unknown as StoreEvent;

  for (let count = 0; count < 100; count += 1) {
    expect([...quotaController.keysOf(event('configmaps'), client)]).toEqual(['default/q']);
    expect([...quotaController.keysOf(event('secrets'), client)]).toEqual([]);
  }
  expect(reads).toBe(1);

  listed.length = 0;
  quotaController.reconcile('default/q', client);
  quotaController.reconcile('default/q', client);
  expect(quota.status?.['used']).toMatchObject({ 'count/configmaps': '1', 'count/r0.example.com': '0' });
  expect({ listed, writes }).toEqual({ listed: ['configmaps', 'configmaps'], writes: 1 });
});

const MAP = 'v1 ConfigMap';
const ROOT_CA = 'kube-root-ca.crt';

test.each([
  ['changed', { data: { 'ca.crt': 'mine' } }],
  ['extended', { data: { more: 'x' } }],
  ['emptied', { data: null }],
  ['removed the description of', { metadata: { annotations: null } }],
])('the ConfigMap with the certificate authority is restored when a client has %s it', async (_, change) => {
  await using story = await startClusterStory();
  const before = await story.get(MAP, ROOT_CA);
  await story.patch(MAP, ROOT_CA, change);
  const after = await story.get(MAP, ROOT_CA);
  expect(after['data']).toEqual(before['data']);
  expect(after.metadata.annotations).toEqual(before.metadata.annotations);
  expect(after.metadata.uid).toBe(before.metadata.uid);
});

test('as in Kubernetes, only the data and the description of the ConfigMap with the certificate authority are restored', async () => {
  await using story = await startClusterStory();
  const before = await story.get(MAP, ROOT_CA);
  const own = { annotations: { 'kubernetes.io/description': 'mine', own: 'x' } };
  await story.patch(MAP, ROOT_CA, { metadata: own, binaryData: { more: 'AAE=' } });
  expect(await story.get(MAP, ROOT_CA)).toMatchObject({ metadata: own, binaryData: { more: 'AAE=' } });
  await story.patch(MAP, ROOT_CA, { data: { 'ca.crt': 'mine', extra: 'x' } });
  const after = await story.get(MAP, ROOT_CA);
  expect([after['data'], after['binaryData']]).toEqual([before['data'], { more: 'AAE=' }]);
  // Each write by the controller also sets the description.
  expect(after.metadata.annotations).toEqual({ ...before.metadata.annotations, own: 'x' });
});

test('labels of the ConfigMap with the certificate authority are kept, and a deleted ConfigMap or ServiceAccount is created again', async () => {
  await using story = await startClusterStory();
  await story.patch(MAP, ROOT_CA, { metadata: { labels: { a: 'b' } } });
  expect((await story.get(MAP, ROOT_CA)).metadata.labels).toEqual({ a: 'b' });
  await story.remove(MAP, ROOT_CA);
  await story.remove('v1 ServiceAccount', 'default');
  expect((await story.get(MAP, ROOT_CA)).metadata.labels).toBeUndefined();
  expect(await story.find('v1 ServiceAccount', 'default')).toBeDefined();
});

test('the pauses of an owner increase until one of its pods is accepted', () => {
  const pauses = new RefusalPauses();
  const found: number[] = [];
  for (let count = 0; count < 6; count += 1) {
    found.push(pauses.pauseOf('a', 0));
    pauses.add('a', 0);
  }
  expect(found).toEqual([0, 1000, 2000, 4000, 8000, 10_000]);
  expect([pauses.pauseOf('a', 4000), pauses.pauseOf('b', 0)]).toEqual([6000, 0]);
  pauses.delete('a');
  expect(pauses.pauseOf('a', 0)).toBe(0);
});

test('a new refusal removes the owners whose last refusal is more than 20 seconds old', () => {
  const pauses = new RefusalPauses();
  for (let owner = 0; owner < 100; owner += 1) pauses.add(`uid-${owner}`, owner * 1000);
  expect(pauses.size).toBe(21);
  pauses.add('uid-80', 99_000);
  expect([pauses.size, pauses.pauseOf('uid-80', 99_000), pauses.pauseOf('uid-78', 99_000)]).toEqual([21, 2000, 0]);
});
