import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster, createManualClock, createMovableClock } from '@typekro/cluster';
import { type ControlServer, serveControl } from './control-server.ts';
import { HeldFaults } from './held-faults.ts';

let cluster: Cluster;
let server: ControlServer;
const pauses: number[] = [];
const unused = (): never => {
  throw new Error('the test does not send for this');
};
beforeEach(async () => {
  pauses.length = 0;
  const clock = createMovableClock(createManualClock(0));
  cluster = await createEmbeddedCluster({ controllers: false, clock });
  server = await serveControl({
    objects: () => 0,
    problem: () => undefined,
    snapshot: unused,
    restore: unused,
    reset: unused,
    stop: unused,
    faults: new HeldFaults(cluster.faults),
    clock,
    idle: () => cluster.idle(),
    restart: async (pauseMs) => void pauses.push(pauseMs),
  });
});
afterEach(async () => {
  await server.close();
  await cluster.close();
});

interface RequestParts {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request with the token, and returns the status and the body of the response. */
async function send(line: string, { headers = {}, body = '' }: RequestParts = {}): Promise<readonly [number, unknown]> {
  const [method, path] = line.split(' ');
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port: server.port,
      method,
      path,
      headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json', ...headers },
    });
    sent.on('response', (response) => {
      text(response).then((answer) => resolve([response.statusCode ?? 0, JSON.parse(answer)]), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const CONFLICT = '{"name":"a","fault":{"kind":"conflict"}}';
const SHOWN = { name: 'a', rule: { name: 'a', fault: { kind: 'conflict' } }, hits: 0, active: true };

test('rules are added, listed and removed', async () => {
  const one = { schemaVersion: 1, rules: [SHOWN] };
  expect(await send('POST /v1/faults', { body: CONFLICT })).toEqual([201, one]);
  expect(await send('GET /v1/faults')).toEqual([200, one]);
  expect(await send('DELETE /v1/faults/a')).toEqual([200, one]);
  await send('POST /v1/faults', { body: CONFLICT });
  expect(await send('DELETE /v1/faults')).toEqual([200, one]);
  expect(await send('GET /v1/faults')).toEqual([200, { schemaVersion: 1, rules: [] }]);
});

test('the clock is shown and moved', async () => {
  expect(await send('GET /v1/clock')).toEqual([200, { schemaVersion: 1, now: '1970-01-01T00:00:00.000Z', aheadMs: 0 }]);
  expect(await send('POST /v1/clock', { body: '{"advance":"1h30m"}' })).toEqual([
    200,
    { schemaVersion: 1, now: '1970-01-01T01:30:00.000Z', aheadMs: 5_400_000 },
  ]);
});

test('a restart works with and without a pause', async () => {
  expect(await send('POST /v1/restart')).toEqual([200, { schemaVersion: 1 }]);
  expect(await send('POST /v1/restart', { body: '{"pause":"2s"}' })).toEqual([200, { schemaVersion: 1 }]);
  expect(pauses).toEqual([0, 2000]);
});

test.each<[string, string, RequestParts, number, string]>([
  ['another token', 'GET /v1/faults', { headers: { authorization: 'Bearer x' } }, 401, 'token'],
  ['a web page', 'GET /v1/faults', { headers: { origin: 'http://evil.test' } }, 403, 'web pages'],
  ['another host name', 'POST /v1/faults', { headers: { host: 'evil.test' }, body: CONFLICT }, 403, 'Host'],
  ['another path', 'GET /v1/fault', {}, 404, 'this interface does not support GET /v1/fault'],
  ['another method', 'PUT /v1/faults', {}, 404, 'PUT /v1/faults'],
  ['a deletion that names no rule', 'DELETE /v1/faults/', {}, 404, 'DELETE /v1/faults/'],
  ['the deletion of an unknown rule', 'DELETE /v1/faults/%zz', {}, 422, 'there is no rule \\"%zz\\"'],
  [
    'another content type',
    'POST /v1/faults',
    { headers: { 'content-type': 'text/plain' }, body: CONFLICT },
    422,
    'Content-Type',
  ],
  ['a body that is not JSON', 'POST /v1/faults', { body: '{' }, 422, 'the body is not JSON'],
  ['an empty body', 'POST /v1/faults', {}, 422, 'the document must be an object'],
  ['a large body', 'POST /v1/faults', { body: `"${'x'.repeat(1024 * 1024)}"` }, 422, 'at most 1048576 bytes'],
  ['a wrong rule', 'POST /v1/faults', { body: '{"rules":[{"fault":{"kind":"x"}}]}' }, 422, 'rules[0].fault.kind'],
  ['a negative duration', 'POST /v1/clock', { body: '{"advance":"-1s"}' }, 422, 'must be a duration'],
  ['too long a move', 'POST /v1/clock', { body: '{"advance":"25h"}' }, 422, '86400 seconds'],
  ['an unknown member', 'POST /v1/clock', { body: '{"set":"1h"}' }, 422, '\\"set\\" is not known'],
  ['too long a pause', 'POST /v1/restart', { body: '{"pause":"61s"}' }, 422, 'such as \\"30s\\", up to 60 seconds'],
])('%s is refused', async (_what, line, request, status, message) => {
  const [given, body] = await send(line, request);
  expect([given, JSON.stringify(body)]).toEqual([status, expect.stringContaining(message)]);
  expect(await send('GET /v1/faults')).toEqual([200, { schemaVersion: 1, rules: [] }]);
  expect(await send('GET /v1/clock')).toEqual([200, expect.objectContaining({ aheadMs: 0 })]);
});
