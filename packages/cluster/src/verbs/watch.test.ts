import { expect, test } from 'vitest';
import { sendJson } from '../../test-support/send-json.ts';
import { createManualClock } from '../cluster-clock.ts';
import { createEmbeddedCluster } from '../cluster.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

interface Event {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string; readonly finalizers?: readonly string[] } };
}

/**
 * Creates a cluster, a function that sends requests, and a function that opens a watch and reads a given number of
 * events.
 */
async function story() {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const send = async (method: string, path: string, body?: object) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : undefined;
    type Written = { metadata: { resourceVersion: string } };
    return (await sendJson<Written>(cluster, method, path, { body, type })).body;
  };
  const watch = async (query: string, count: number): Promise<() => Promise<Event[]>> => {
    const reply = await transport.request({ method: 'GET', path: `${MAPS}?watch=true&${query}` });
    return async () => {
      let text = '';
      for await (const chunk of reply.body) {
        text += Buffer.from(chunk).toString('utf8');
        const lines = text.split('\n').slice(0, -1);
        if (lines.length >= count) return lines.map((line) => JSON.parse(line) as Event);
      }
      throw new Error(`the watch ended after ${text}`);
    };
  };
  return { send, watch, [Symbol.asyncDispose]: () => cluster.close() };
}

const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

test('a watch without initial events gets only later events', async () => {
  await using cluster = await story();
  await cluster.send('POST', MAPS, map('before'));
  const events = await cluster.watch('sendInitialEvents=false&resourceVersionMatch=NotOlderThan', 1);
  await cluster.send('POST', MAPS, map('after'));
  expect((await events()).map(({ type, object }) => [type, object.metadata.name])).toEqual([['ADDED', 'after']]);
});

test('a watch gets DELETED when an object leaves its selection, and ADDED when an object enters it', async () => {
  await using cluster = await story();
  const { metadata } = await cluster.send('POST', MAPS, { ...map('a'), metadata: { name: 'a', labels: { app: 'x' } } });
  const events = await cluster.watch(`labelSelector=app%3Dx&resourceVersion=${metadata.resourceVersion}`, 3);
  for (const app of ['y', 'x']) await cluster.send('PATCH', `${MAPS}/a`, { metadata: { labels: { app } } });
  await cluster.send('PATCH', `${MAPS}/a`, { metadata: { labels: { more: 'z' } } });
  expect((await events()).map(({ type }) => type)).toEqual(['DELETED', 'ADDED', 'MODIFIED']);
});

test.each(['application/json', 'application/yaml', 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'])(
  'watches share the bytes of an event: %s',
  async (accept) => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const path = `${MAPS}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`;
    const request = { method: 'GET', path, headers: { accept } };
    const open = async () => (await cluster.transport().request(request)).body[Symbol.asyncIterator]();
    const watches = [await open(), await open()];
    await sendJson(cluster, 'POST', MAPS, { body: map('a') });
    const [first, second] = await Promise.all(watches.map(async (watch) => (await watch.next()).value as Buffer));
    expect(JSON.parse(String(first))).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
    expect(second).toBe(first);
  },
);

test('a watch of a namespace gets no events of other namespaces', async () => {
  await using cluster = await story();
  const { metadata } = await cluster.send('POST', MAPS, map('before'));
  const events = await cluster.watch(`resourceVersion=${metadata.resourceVersion}`, 1);
  await cluster.send('POST', '/api/v1/namespaces/kube-system/configmaps', map('elsewhere'));
  await cluster.send('POST', MAPS, map('here'));
  expect((await events()).map(({ object }) => object.metadata.name)).toEqual(['here']);
});

test('the object in a DELETED event still has its last finalizer', async () => {
  await using cluster = await story();
  await cluster.send('POST', MAPS, { ...map('a'), metadata: { name: 'a', finalizers: ['example.com/hold'] } });
  const { metadata } = await cluster.send('DELETE', `${MAPS}/a`);
  const events = await cluster.watch(`resourceVersion=${metadata.resourceVersion}`, 1);
  await cluster.send('PATCH', `${MAPS}/a`, { metadata: { finalizers: null } });
  expect((await events()).map(({ type, object }) => [type, object.metadata.finalizers])).toEqual([
    ['DELETED', ['example.com/hold']],
  ]);
});

test('a watch sends no bookmark before it has sent all past events', async () => {
  const clock = createManualClock(0);
  await using cluster = await createEmbeddedCluster({ controllers: false, clock });
  const transport = cluster.transport();
  const text = 'x'.repeat(300_000);
  const names = Array.from({ length: 12 }, (_, index) => `m${String(index).padStart(2, '0')}`);
  const create = (name: string) =>
    transport.request({ method: 'POST', path: MAPS, body: JSON.stringify({ ...map(name), data: { text } }) });
  for (const name of names) await create(name);
  const query = 'watch=true&resourceVersion=0&allowWatchBookmarks=true&timeoutSeconds=600';
  const reply = await transport.request({ method: 'GET', path: `${MAPS}?${query}` });
  // The client has not read yet, so only a part of the past events is buffered.
  clock.advance(60_000);
  await create('late');
  clock.advance(60_000);
  const shown: string[] = [];
  let left = '';
  for await (const chunk of reply.body) {
    const lines = (left + Buffer.from(chunk).toString('utf8')).split('\n');
    left = lines.pop() ?? '';
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as Event;
      shown.push(`${type} ${object.metadata.name ?? ''}`);
    }
    if (shown.includes('ADDED late')) clock.advance(60_000);
    if (shown.some((line) => line.startsWith('BOOKMARK'))) break;
  }
  expect(shown).toEqual([...[...names, 'late'].map((name) => `ADDED ${name}`), 'BOOKMARK ']);
});
