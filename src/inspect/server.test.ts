import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InspectEvent, InspectSource, InstanceReport } from './reports.ts';
import { instanceRef } from './paths.ts';
import type { InspectServer } from './server.ts';
import { serveInspect } from './server.ts';

const ref = instanceRef({ apiVersion: 'acme.test/v1', kind: 'Boat', namespace: 'n', name: 'b' });
const report: InstanceReport = {
  ref,
  apiVersion: 'acme.test/v1',
  kind: 'Boat',
  namespace: 'n',
  name: 'b',
  uid: 'u',
  definition: 'boats',
  state: 'ACTIVE',
  conditions: [],
  nodes: [],
  steppedAt: 0,
};
const event = (id: number): InspectEvent => ({ id, at: 0, type: 'wrote', subject: ref, message: `event ${id}` });
const listeners = new Set<(event: InspectEvent) => void>();
const source: InspectSource = {
  definitions: () => [],
  instances: () => [report],
  report: (asked) => (asked === ref ? report : undefined),
  eventsAfter: (id) => [1, 2, 3].filter((entry) => entry > id).map(event),
  subscribe(listener) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

let server: InspectServer;
beforeAll(async () => {
  server = await serveInspect({ source });
});
afterAll(() => server.close());
const get = (
  path: string,
  headers: Record<string, string> = { authorization: `Bearer ${server.token}` },
  method = 'GET',
) => fetch(server.url + path, { headers, method });

/** The server's answer to bytes that no client library would send. */
const rawAnswer = (request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write(request));
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.on('error', reject).on('close', () => resolve(answer));
  });

describe('serveInspect', () => {
  it.each([
    ['/api/v1/definitions', 200],
    ['/api/v1/instances', 200],
    ['/api/v1/instances/acme.test/v1/Boat/n/b/report', 200],
    ['/api/v1/instances/acme.test%2Fv1%2FBoat%2Fn%2Fb/report', 200],
    ['/api/v1/instances/acme.test/v1/Boat/n/c/report', 404],
    ['/api/v1/instances/%E0%A4%A/report', 404],
    ['/api/v1/nothing', 404],
    ['/nothing', 404],
  ])('answers %s with %i', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });

  it('filters instances by definition', async () => {
    const names = async (definition: string) =>
      ((await (await get(`/api/v1/instances?definition=${definition}`)).json()) as { items: unknown[] }).items.length;
    expect([await names('boats'), await names('cars')]).toEqual([1, 0]);
  });

  it('requires the token, and answers GET only', async () => {
    expect((await get('/api/v1/instances', {})).status).toBe(401);
    expect((await get('/api/v1/instances', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await get(`/api/v1/instances?token=${server.token}`, {})).status).toBe(200);
    expect((await get('/api/v1/instances', undefined, 'DELETE')).status).toBe(405);
  });

  it('streams events after the last one that a client has, then new ones', async () => {
    const response = await get('/api/v1/events', { authorization: `Bearer ${server.token}`, 'last-event-id': '2' });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('id: 3')) text += (await reader?.read())?.value ?? '';
    for (const listener of listeners) listener(event(4));
    while (!text.includes('id: 4')) text += (await reader?.read())?.value ?? '';
    expect(text.match(/^id: \d+$/gm)).toEqual(['id: 3', 'id: 4']);
    await reader?.cancel();
  });

  it.each([
    'GET /api/%ff HTTP/1.1',
    'GET /api//[::: HTTP/1.1',
    'GET /api/v1/instances?token=%zz HTTP/1.1',
    'GET http://[bad/api/ HTTP/1.1',
    'GET //elsewhere/api/v1/instances HTTP/1.1',
    'GET /../api/v1/instances HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'nonsense',
  ])('refuses `%s`, and continues to serve', async (line) => {
    expect(await rawAnswer(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await get('/api/v1/instances')).status).toBe(200);
  });

  it('keeps no stream open for HEAD', async () => {
    const before = listeners.size;
    expect((await get('/api/v1/events', undefined, 'HEAD')).status).toBe(200);
    expect(listeners.size).toBe(before);
  });

  it('disconnects a client that does not read, and keeps no events for it', async () => {
    const before = listeners.size;
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => {}); // this test expects the reset
    socket.pause();
    socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.token}\r\n\r\n`);
    await expect.poll(() => listeners.size).toBe(before + 1);
    const large = { ...event(5), message: 'x'.repeat(1024 * 1024) };
    for (let sent = 0; sent < 64; sent += 1) for (const listener of listeners) listener(large);
    await expect.poll(() => listeners.size).toBe(before);
    socket.destroy();
  });

  it('refuses an address that other machines can reach', async () => {
    await expect(serveInspect({ source, host: '0.0.0.0' })).rejects.toMatchObject({ code: 'inspect/remote-address' });
  });
});
