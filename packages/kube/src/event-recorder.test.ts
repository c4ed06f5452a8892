import { describe, expect, it } from 'vitest';
import { isJsonObject, parseJson } from '@typekro/kit/core';
import { KubeClient } from './client.ts';
import { EventRecorder } from './event-recorder.ts';
import { fakeTransport } from '../test-support/fake-transport.ts';
import type { Transport } from './kube-api.ts';

const boat = { apiVersion: 'acme.test/v1', kind: 'Boat', metadata: { name: 'b', namespace: 'n', uid: 'u' } };

function setup(refuse = false) {
  let now = 0;
  /** The statuses of the next responses, in order. After them, the status is 200. */
  const server = { answers: [] as number[] };
  const clock = { now: () => now, setTimer: () => ({ cancel: () => undefined }) };
  const resources = [{ name: 'events', singularName: 'event', namespaced: true, kind: 'Event', verbs: [] }];
  const transport = fakeTransport(({ path }) => {
    if (path === '/api/v1') return { body: { resources } };
    const status = refuse ? 403 : (server.answers.shift() ?? 200);
    if (status >= 400) return { status, body: { kind: 'Status', details: { name: 'x' } } };
    return { status, body: { apiVersion: 'v1', kind: 'Event', metadata: {} } };
  });
  const errors: string[] = [];
  const api = new KubeClient({ transport, clock, retries: 0 });
  const recorder = new EventRecorder({ api, clock, component: 'c', onError: ({ reason }) => errors.push(reason) });
  const writes = () =>
    transport.requests
      .filter(({ method }) => method !== 'GET')
      .map(({ method, body }) => {
        const value = parseJson(typeof body === 'string' ? body : '');
        return `${method} ${isJsonObject(value) ? JSON.stringify(value['count']) : ''}`;
      });
  return { recorder, transport, clock, writes, errors, server, tick: (milliseconds: number) => (now += milliseconds) };
}

describe('EventRecorder', () => {
  it('counts a repeated event, and writes a new one after ten minutes', async () => {
    const { recorder, writes, tick } = setup();
    const event = { object: boat, type: 'Normal', reason: 'Ready', message: 'is ready' } as const;
    recorder.record(event);
    recorder.record(event);
    recorder.record({ ...event, message: 'is ready again' });
    tick(1000);
    recorder.record(event);
    await recorder.flush();
    expect(writes()).toEqual(['POST 1', 'PATCH 2', 'POST 1', 'PATCH 3']);
    tick(600_000);
    recorder.record(event);
    await recorder.flush();
    expect(writes().at(-1)).toBe('POST 1');
  });

  it('counts the events of two components separately', async () => {
    const { recorder, writes } = setup();
    const event = { object: boat, type: 'Normal', reason: 'Ready', message: 'is ready' } as const;
    for (const component of ['d', undefined, 'd', 'c'])
      recorder.record(component === undefined ? event : { ...event, component });
    await recorder.flush();
    // The last event names the component of the recorder.
    expect(writes()).toEqual(['POST 1', 'POST 1', 'PATCH 2', 'PATCH 2']);
  });

  it('creates an event again if it was deleted or never written', async () => {
    const { recorder, writes, tick, server } = setup();
    const event = { object: boat, type: 'Normal', reason: 'Ready', message: 'is ready' } as const;
    const again = async (answers: readonly number[]) => {
      const before = writes().length;
      server.answers = [...answers];
      recorder.record(event);
      await recorder.flush();
      tick(1000);
      return writes().slice(before);
    };
    expect(await again([500])).toEqual(['POST 1']);
    expect(await again([404, 201])).toEqual(['PATCH 2', 'POST 1']);
    expect(await again([200])).toEqual(['PATCH 2']);
  });

  it('cuts long names and messages so that they are still valid', async () => {
    const { recorder, transport } = setup();
    const object = { ...boat, metadata: { ...boat.metadata, name: `${'a'.repeat(228)}-.b` } };
    recorder.record({ object, type: 'Normal', reason: 'Ready', message: `${'m'.repeat(1023)}😀` });
    await recorder.flush();
    const sent = parseJson(String(transport.requests.find(({ method }) => method === 'POST')?.body));
    expect(sent).toMatchObject({
      metadata: { name: expect.stringMatching(/^a{228}\.[0-9a-f]{16}$/) as string },
      message: 'm'.repeat(1023),
    });
  });

  it('escapes what would change the terminal of a reader', async () => {
    const { recorder, transport } = setup();
    recorder.record({ object: boat, type: 'Normal', reason: 'Ready', message: 'is \u001b[2J\u202eready' });
    await recorder.flush();
    const sent = parseJson(String(transport.requests.find(({ method }) => method === 'POST')?.body));
    expect(sent).toMatchObject({ message: 'is \\u001b[2J\\u202eready' });
  });

  it('holds a limited number of events while the server is slow, and reports those that it drops', async () => {
    const { recorder, writes, errors } = setup();
    for (let index = 0; index < 5000; index += 1) {
      recorder.record({ object: boat, type: 'Normal', reason: 'Ready', message: String(index) });
    }
    await recorder.flush();
    expect(errors.length + writes().length).toBe(5000);
    expect(writes().length).toBeLessThan(4100);
    expect(new Set(errors)).toEqual(new Set(['Dropped']));
    recorder.record({ object: boat, type: 'Normal', reason: 'Ready', message: 'later' });
    await recorder.flush();
    expect(writes().at(-1)).toBe('POST 1');
  });

  it('continues when an event is refused', async () => {
    const { recorder, errors } = setup(true);
    recorder.record({ object: boat, type: 'Warning', reason: 'Bad', message: 'x' });
    recorder.record({ object: boat, type: 'Warning', reason: 'Worse', message: 'y' });
    await recorder.flush();
    expect(errors).toEqual(['Forbidden', 'Forbidden']);
  });

  it('drops a hanging event, and all later ones, when the signal aborts', async () => {
    const { transport, clock } = setup();
    const hanging: Transport = {
      ...transport,
      request: (request) =>
        request.method === 'GET'
          ? transport.request(request)
          : new Promise((_resolve, reject) => {
              transport.requests.push(request);
              request.signal?.addEventListener('abort', () => reject(new Error('aborted')));
            }),
    };
    const errors: string[] = [];
    const api = new KubeClient({ transport: hanging, clock, retries: 0 });
    const recorder = new EventRecorder({ api, clock, component: 'c', onError: ({ reason }) => errors.push(reason) });
    recorder.record({ object: boat, type: 'Warning', reason: 'Bad', message: 'x' });
    recorder.record({ object: boat, type: 'Warning', reason: 'Bad', message: 'y' });
    const stop = new AbortController();
    const flushed = recorder.flush(stop.signal);
    stop.abort();
    await flushed;
    expect(errors).toEqual([]);
    expect(transport.requests.filter(({ method }) => method === 'POST').length).toBeLessThan(2);
  });
});
