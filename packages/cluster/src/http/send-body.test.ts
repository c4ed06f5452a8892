import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { createEmbeddedCluster } from '../cluster.ts';
import { sendBody } from './send-body.ts';

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

/** A response whose client never reads. */
class Unread extends EventEmitter {
  destroyed = false;
  writeHead = (): void => undefined;
  write = (): boolean => false;
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

afterEach(() => vi.useRealTimers());

test('clients that do not read are disconnected after a minute, or the oldest first when too many bytes wait', () => {
  vi.useFakeTimers();
  const large = Buffer.alloc(200 * MEGABYTE);
  const unread = [undefined, 0, undefined, undefined, 1].map((ownBytes) => {
    const response = new Unread();
    const reply = { status: 200, headers: {}, ...(ownBytes === undefined ? {} : { ownBytes }) };
    sendBody(reply, large, response as unknown as ServerResponse);
    return response;
  });
  const isDestroyed = () => unread.map(({ destroyed }) => destroyed);
  // Other responses share the bytes of the second body.
  expect(isDestroyed()).toEqual([true, false, false, false, false]);
  vi.advanceTimersByTime(60_000);
  expect(isDestroyed()).toEqual([true, true, true, true, true]);
});

/** Replaces a ConfigMap of a size many times on one connection, and prints the status codes that are not 200. */
const CLIENT = `
import { Agent, request } from 'node:https';
const { URL_OF_MAPS: url, TOKEN: token, CA: ca } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 1, ca });
const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' };
const send = (method, path, body) => new Promise((resolve) => {
  request(url + path, { method, agent, headers }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode));
  }).on('error', (error) => resolve(error.code)).end(JSON.stringify(body));
});
const map = (size, round) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'big' }, data: { a: String(round).padEnd(size, 'x') } });
const found = [await send('POST', '', map(1, 0))];
for (const size of [20_000, 300_000]) {
  for (let round = 0; round < 60; round += 1) found.push(await send('PUT', '/big', map(size, round)));
}
console.log(JSON.stringify(found.filter((each) => each !== 200)));
agent.destroy();
`;

test('large updates that follow each other on a connection over TLS are all executed', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const { url, token, caData = '' } = await cluster.listen();
  // In the process of the server, the client would send the next request only after the server is ready for it.
  const env = { URL_OF_MAPS: `${url}${MAPS}`, TOKEN: token, CA: caData };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', CLIENT], { env });
  expect(JSON.parse(stdout)).toEqual([201]);
});

test.each([true, false])('400 requests in one write are all answered, in order (TLS: %s)', async (https) => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const { url, token, caData: ca } = await cluster.listen({ https });
  const to = { host: '127.0.0.1', port: Number(new URL(url).port) };
  const socket = https ? connectSecurely({ ...to, ...(ca === undefined ? {} : { ca }) }) : connect(to);
  const names = Array.from({ length: 400 }, (_, index) => `m${index}`);
  const heads = names.map(
    (name) => `GET ${MAPS}/${name} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`,
  );
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(`${heads.join('\r\n')}Connection: close\r\n\r\n`);
  await once(socket, 'close');
  expect([...text.matchAll(/"name":"(m\d+)"/g)].map(([, name]) => name)).toEqual(names);
});
