import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, type Listener, createEmbeddedCluster } from '../index.ts';
import { asksForWatchSocket, watchHandshake } from './watch-socket.ts';

let cluster: Cluster;
let listener: Listener;

beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
  listener = await cluster.listen({ https: false });
});
afterAll(() => cluster.close());

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HEADERS = {
  host: '127.0.0.1',
  authorization: '',
  connection: 'Upgrade',
  upgrade: 'websocket',
  origin: 'http://127.0.0.1',
  'sec-websocket-version': '13',
  'sec-websocket-key': KEY,
};
const MAPS = '/api/v1/namespaces/default/configmaps';

/** Sends a request, and returns the received bytes up to the match of `until`. */
function exchange(path: string, until: RegExp, begun: (text: string) => void = () => undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(listener.url).port), '127.0.0.1');
    const lines = Object.entries({ ...HEADERS, authorization: `Bearer ${listener.token}` });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      begun(text);
      if (until.test(text)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write([`GET ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'));
  });
}

const create = (name: string) =>
  cluster
    .transport()
    .request({
      method: 'POST',
      path: MAPS,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }),
    });

test('a watch over a WebSocket sends each past and each new event as a text message', async () => {
  await create('first');
  await create('second');
  let later: Promise<unknown> | undefined;
  const text = await exchange(`${MAPS}?watch=true`, /"name":"third"[^]*\}\n$/, (seen) => {
    if (seen.includes('"name":"second"')) later ??= create('third');
  });
  await later;
  const [head = '', frames = ''] = text.split('\r\n\r\n');
  expect(head.split('\r\n')).toEqual([
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  ]);
  const bytes = Buffer.from(frames, 'latin1');
  const names: unknown[] = [];
  for (let at = 0; at < bytes.length;) {
    // A final text frame whose length is in the next two bytes.
    expect([bytes[at], bytes[at + 1]]).toEqual([0x81, 126]);
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    const line = bytes.subarray(at + 4, end).toString();
    expect(line).toMatch(/^\{.*\}\n$/);
    const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { name: string } } };
    names.push([type, object.metadata.name]);
    at = end;
  }
  expect(names).toEqual([
    ['ADDED', 'first'],
    ['ADDED', 'second'],
    ['ADDED', 'third'],
  ]);
});

test('the server sends a close frame after the last event of a watch that it ends', async () => {
  const text = await exchange(`${MAPS}?watch=true&resourceVersion=1`, /never/);
  expect(text.slice(-32)).toBe('"reason":"Expired","code":410}}\n\x88\x02\x03\xe8'.slice(-32));
});

test.each([
  ['a watch of an unknown resource', '/api/v1/namespaces/default/nothings?watch=true', '404 Not Found'],
  ['a list', MAPS, '200 OK'],
  ['a get', `${MAPS}/first`, '200 OK'],
])('%s over a WebSocket gets the response of a plain request', async (_title, path, status) => {
  const text = await exchange(path, /\}\n?$/);
  expect(text.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
});

test.each([
  ['GET', '/api/v1/pods?watch=true', 'websocket', true],
  ['GET', '/api/v1/pods?watch=1', 'WebSocket', true],
  ['GET', '/api/v1/watch/pods', 'websocket', true],
  ['GET', '/api/v1/pods?watch=false', 'websocket', false],
  ['GET', '/api/v1/pods', 'websocket', false],
  ['POST', '/api/v1/pods?watch=true', 'websocket', false],
  ['GET', '/api/v1/pods?watch=true', 'h2c', false],
  ['GET', '/api/v1/pods?watch=true', undefined, false],
])('%s %s with Upgrade: %s asks for a watch: %s', (method, url, upgrade, expected) => {
  const headers = upgrade === undefined ? {} : { upgrade };
  expect(asksForWatchSocket({ method, url, headers })).toBe(expected);
});

test.each<[string, Record<string, string | undefined>, string]>([
  ['without a key', { 'sec-websocket-key': undefined }, 'HTTP/1.1 400 Bad Request\r\n\r\nmismatch challenge/response'],
  [
    'of another version',
    { 'sec-websocket-version': '8' },
    'HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\n\r\nmissing or bad WebSocket Version',
  ],
  ['without an origin', { origin: undefined }, 'HTTP/1.1 403 Forbidden\r\n\r\n'],
  ['with the origin null', { origin: 'null' }, 'HTTP/1.1 403 Forbidden\r\n\r\n'],
  ['with an origin without a scheme', { origin: 'foo' }, 'HTTP/1.1 403 Forbidden\r\n\r\n'],
  ['with two protocols', { 'sec-websocket-protocol': 'a, b' }, 'HTTP/1.1 400 Bad Request\r\n\r\n'],
])('a handshake %s is refused', (_title, changed, head) => {
  expect(watchHandshake({ ...HEADERS, ...changed })).toEqual({ accepted: false, head });
});

test('a handshake that offers one subprotocol gets this subprotocol', () => {
  const { accepted, head } = watchHandshake({ ...HEADERS, 'sec-websocket-protocol': 'v1' });
  expect([accepted, head]).toEqual([true, expect.stringContaining('\r\nSec-WebSocket-Protocol: v1\r\n')]);
});
