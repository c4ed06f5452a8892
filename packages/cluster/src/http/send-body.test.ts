import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../cluster.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const MEGABYTE = 1024 * 1024;

test('a large list is complete, and clients that do not read it cause no copies of it', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const { url } = await cluster.listen({ https: false });
  for (let index = 0; index < 24; index += 1) {
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `m${index}` },
      data: { a: 'x'.repeat(700_000) },
    };
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(map) };
    expect((await fetch(`${url}${MAPS}`, init)).status).toBe(201);
  }
  const list = (await (await fetch(`${url}${MAPS}`)).json()) as { items: { data: { a: string } }[] };
  expect(list.items.filter(({ data }) => data.a.length === 700_000)).toHaveLength(24);
  const before = process.memoryUsage().arrayBuffers;
  const sockets = Array.from({ length: 12 }, () => connect(Number(new URL(url).port), '127.0.0.1'));
  for (const socket of sockets) {
    socket.write(`GET ${MAPS} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    // The first bytes show that the response has begun. The client reads nothing else.
    await once(socket, 'readable');
  }
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60 * MEGABYTE);
  for (const socket of sockets) socket.destroy();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test.each([0, 1, 130_000, 131_072, 131_073, 400_000])('a response of about %i bytes arrives whole', async (size) => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const { url } = await cluster.listen({ https: false });
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { a: 'x'.repeat(size) } };
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(map) };
  const created = (await (await fetch(`${url}${MAPS}`, init)).json()) as typeof map;
  expect(created.data.a).toHaveLength(size);
  const read = (await (await fetch(`${url}${MAPS}/m`)).json()) as typeof map;
  expect(read.data.a).toHaveLength(size);
});
