import { expect, test } from 'vitest';
import { clusterWith, refusingClient } from '@typekro/cluster/test-support/refusing-client';
import { readSession } from '../../../packages/kube/src/index.ts';

/**
 * Starts a cluster with ConfigMaps, and a session that reads from the cluster. Also returns the paths of the session's
 * requests, without those of discovery.
 */
async function started(maps: readonly (readonly [namespace: string, name: string])[], refuses?: RegExp) {
  const namespaces = [...new Set(maps.map(([namespace]) => namespace))].filter((each) => each !== 'default');
  const cluster = await clusterWith([
    ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...maps.map(([namespace, name]) => ({ ...MAP, metadata: { name, namespace, labels: { a: 'b' } } })),
  ]);
  const { client, requests } = refusingClient(cluster, { refuses });
  const readPaths = () =>
    requests.map(({ path }) => path.replace(/\?.*/, '')).filter((path) => path.startsWith('/api/v1/'));
  return { session: readSession(client), readPaths, cluster };
}

const MAP = { apiVersion: 'v1', kind: 'ConfigMap' };
const names = Array.from({ length: 800 }, (_, index) => `map-${index}`);

test('many absent objects cost a few reads and one list of names', async () => {
  const { session, readPaths, cluster } = await started([['default', 'map-700']]);
  const found = await Promise.all(names.map((name) => session.find({ ...MAP, name, namespace: 'default' })));
  expect(found.flatMap((each) => each?.metadata.name ?? [])).toEqual(['map-700']);
  expect(readPaths()).toHaveLength(5);
  await cluster.close();
});

test('each object is read with its own request if the user may not list names', async () => {
  const { session, readPaths, cluster } = await started([['default', 'map-7']], /configmaps\?/);
  const found = await Promise.all(
    names.slice(0, 20).map((name) => session.find({ ...MAP, name, namespace: 'default' })),
  );
  expect(found.filter((each) => each !== undefined)).toHaveLength(1);
  expect(readPaths()).toHaveLength(21);
  await cluster.close();
});

test('an object that was in a list is not read again, and no list is read twice', async () => {
  const { session, readPaths, cluster } = await started([['default', 'one']]);
  const list = () => session.list(MAP, { namespace: 'default', labelSelector: 'a=b' });
  await Promise.all([list(), list()]);
  expect(await session.find({ ...MAP, name: 'one', namespace: 'default' })).toMatchObject({
    ...MAP,
    metadata: { name: 'one' },
  });
  expect(readPaths()).toEqual(['/api/v1/namespaces/default/configmaps']);
  await cluster.close();
});

test('a session shows a single state: later lists and reads return each object as it was at its first read', async () => {
  const { session, cluster } = await started([['default', 'one']]);
  const place = { namespace: 'default' };
  const refs = ['one', 'two'].map((name) => ({ ...MAP, name, ...place }));
  const read = async () => Promise.all(refs.map(async (ref) => (await session.find(ref))?.['data']));
  expect(await read()).toEqual([undefined, undefined]);
  const { client } = refusingClient(cluster, {});
  for (const { name } of refs) {
    const object = { ...MAP, metadata: { name, ...place, labels: { a: 'b' } }, data: { changed: 'yes' } };
    await client.apply(object, { fieldManager: 'other', force: true });
  }
  const { items } = await session.list(MAP, { ...place, labelSelector: 'a=b' });
  expect(items.map(({ metadata, data }) => [metadata.name, data])).toEqual([['one', undefined]]);
  expect(await read()).toEqual([undefined, undefined]);
  const [one] = refs;
  expect(one === undefined ? undefined : (await session.get(one))['data']).toBeUndefined();
  await cluster.close();
});

const spaces = Array.from({ length: 60 }, (_, index) => [`space-${index}`, 'one'] as const);

test.each([
  ['one list of all namespaces replaces many lists', undefined, 3],
  ['each namespace is listed if the user may not list all', /\/api\/v1\/configmaps/, 61],
])('%s', async (_title, refuses, count) => {
  const { session, readPaths, cluster } = await started(spaces, refuses);
  const lists = await Promise.all(spaces.map(([namespace]) => session.list(MAP, { namespace, labelSelector: 'a=b' })));
  expect(lists.map(({ items }) => items.map(({ metadata }) => metadata.namespace))).toEqual(
    spaces.map(([each]) => [each]),
  );
  expect(readPaths()).toHaveLength(count);
  await cluster.close();
});
