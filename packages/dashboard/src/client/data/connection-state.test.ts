import { afterEach, expect, test, vi } from 'vitest';
import { type ServerProof, ApiError } from './api-client.ts';
import type { ConnectionState } from './connection-state.ts';
import { connection, follow, mayBeStranger, refusedBy, whenOwnServer } from './connection-state.ts';
import { MAX_RETRY_MS } from './reload-schedule.ts';
import type { StreamMessage } from './stream-messages.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  connection.value = { is: 'connecting' };
});

test.each<[ConnectionState, boolean]>([
  [{ is: 'connecting' }, false],
  [{ is: 'live' }, false],
  [{ is: 'lost', since: 0 }, true],
  [{ is: 'refused' }, true],
])('in the state %j, another program may have the port: %j', (state, expected) => {
  connection.value = state;
  expect(mayBeStranger()).toBe(expected);
});

test.each<[string, readonly ConnectionState[], number]>([
  ['at once', [{ is: 'live' }], 1],
  ['not while another program may have the port', [{ is: 'lost', since: 0 }, { is: 'refused' }], 0],
  ['after the return of the server', [{ is: 'lost', since: 0 }, { is: 'connecting' }, { is: 'live' }], 1],
  [
    'only once, even if the connection is lost and comes back',
    [{ is: 'live' }, { is: 'lost', since: 0 }, { is: 'live' }, { is: 'connecting' }],
    1,
  ],
])('a script is loaded %s', (_title, [first, ...later], expected) => {
  let calls = 0;
  connection.value = first ?? { is: 'live' };
  whenOwnServer(() => (calls += 1));
  for (const state of later) connection.value = state;
  expect(calls).toBe(expected);
});

test.each<[string, ConnectionState]>([
  ['inspect/token', { is: 'refused' }],
  // A server with this code accepts the tokens of cluster users, so the address that it printed has no token.
  ['inspect/cluster-token', { is: 'refused', asks: true }],
])('after a refusal with the code %s, the state is %j', (code, expected) => {
  expect(refusedBy(new ApiError(401, { code, message: 'the token is missing or wrong' }))).toEqual(expected);
});

test('a callback that is cancelled is not called when the server is back', () => {
  let calls = 0;
  connection.value = { is: 'lost', since: 0 };
  const cancel = whenOwnServer(() => (calls += 1));
  cancel();
  connection.value = { is: 'live' };
  expect(calls).toBe(0);
});

/** Follows a server whose streams a test opens, refuses and ends. */
function followed(proves = true) {
  /** The streams that the page requested, oldest first. */
  const streams: {
    readonly open: () => void;
    readonly send: (event: string, data: unknown) => void;
    readonly end: (error?: Error) => void;
    readonly refuse: (status: number) => void;
  }[] = [];
  const seen: unknown[] = [];
  const server = { proof: 'own' as ServerProof, metaStatus: 200, ended: 0 };
  const refusal = (status: number) => new ApiError(status, { code: 'test', message: 'refused' });
  follow(
    {
      get: () => Promise.resolve(undefined as never),
      check: () => (server.metaStatus === 200 ? Promise.resolve() : Promise.reject(refusal(server.metaStatus))),
      end: () => void (server.ended += 1),
      post: () => Promise.resolve(undefined as never),
      proof: () => Promise.resolve(server.proof),
      events: () => {
        const messages = new TransformStream<StreamMessage, StreamMessage>();
        const writer = messages.writable.getWriter();
        return new Promise((resolve, reject) => {
          streams.push({
            open: () => resolve(messages.readable),
            send: (event, data) => void writer.write({ event, data: JSON.stringify(data) }),
            end: (error) => void (error === undefined ? writer.close() : writer.abort(error)),
            refuse: (status) => reject(refusal(status)),
          });
        });
      },
    },
    { changed: (changes) => seen.push(...changes), reset: () => seen.push('reset') },
    () => proves,
  );
  return { streams, seen, server, refusal };
}

const settled = () => vi.advanceTimersByTimeAsync(0);

test('a server that refuses the stream is asked less and less often, and no data is read again before it accepts', async () => {
  vi.useFakeTimers({ now: 0 });
  const { streams, seen } = followed();
  streams.at(-1)?.open();
  await settled();
  expect([connection.value, seen]).toEqual([{ is: 'live' }, []]);

  await vi.advanceTimersByTimeAsync(500);
  streams.at(-1)?.end();
  await settled();
  const pauses: number[] = [];
  for (let count = 0; count < 6; count += 1) {
    const opened = streams.length;
    const from = Date.now();
    while (streams.length === opened && Date.now() < from + 60_000) await vi.advanceTimersByTimeAsync(250);
    pauses.push(Date.now() - from);
    streams.at(-1)?.refuse(503);
    await settled();
    expect(connection.value).toEqual({ is: 'lost', since: 500 });
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, MAX_RETRY_MS, MAX_RETRY_MS]);
  expect(seen).toEqual([]);

  await vi.advanceTimersByTimeAsync(MAX_RETRY_MS);
  streams.at(-1)?.open();
  await settled();
  expect([connection.value, seen]).toEqual([{ is: 'live' }, ['reset']]);
  streams.at(-1)?.end();
  const opened = streams.length;
  await vi.advanceTimersByTimeAsync(1000);
  expect(streams).toHaveLength(opened + 1);
});

test('messages report changes, and make the page read everything again when events are missing', async () => {
  vi.useFakeTimers({ now: 0 });
  const { streams, seen } = followed();
  streams[0]?.open();
  streams[0]?.send('hello', { epoch: 'e', missed: false });
  streams[0]?.send('changes', { changes: ['a', 'b'] });
  streams[0]?.send('a later release has this type', { missed: true });
  streams[0]?.send('hello', { epoch: 'e', missed: true });
  streams[0]?.send('reset', { reason: 'many' });
  await settled();
  expect(seen).toEqual(['a', 'b', 'reset', 'reset']);
});

test('a connection that breaks off is lost, and a stream that refuses the token is not opened again', async () => {
  vi.useFakeTimers({ now: 0 });
  const { streams, refusal } = followed();
  streams[0]?.open();
  await settled();
  streams[0]?.end(refusal(0));
  await settled();
  expect(connection.value).toEqual({ is: 'lost', since: 0 });
  await vi.advanceTimersByTimeAsync(1000);
  streams[1]?.refuse(401);
  await vi.advanceTimersByTimeAsync(120_000);
  expect([connection.value, streams.length]).toEqual([{ is: 'refused' }, 2]);
});

test.each<[string, boolean, ServerProof, number, ConnectionState, number]>([
  ['that proves itself', true, 'own', 200, { is: 'connecting' }, 2],
  ['that fails the proof', true, 'none', 200, { is: 'refused' }, 1],
  ['that has another address', true, 'other-address', 200, { is: 'refused', elsewhere: true }, 1],
  ['that does not respond to the request for the proof', true, 'unknown', 200, { is: 'lost', since: 0 }, 1],
  ['that gives no proofs', false, 'none', 200, { is: 'connecting' }, 2],
  ['that gives no proofs and no longer accepts the token', false, 'none', 401, { is: 'refused' }, 1],
  ['that gives no proofs and responds with a fault', false, 'none', 500, { is: 'lost', since: 0 }, 1],
])(
  'after a lost connection, the proof and the response decide whether the page opens the stream of a server %s',
  async (_title, proves, proof, metaStatus, expected, opened) => {
    vi.useFakeTimers({ now: 0 });
    const { streams, server } = followed(proves);
    Object.assign(server, { proof, metaStatus });
    streams[0]?.open();
    streams[0]?.end();
    await vi.advanceTimersByTimeAsync(1000);
    expect([connection.value, streams.length]).toEqual([expected, opened]);
  },
);

test('after a lost connection, the requests under way end, and all data is read again once', async () => {
  vi.useFakeTimers({ now: 0 });
  const { streams, seen, server, refusal } = followed();
  streams[0]?.open();
  await settled();
  expect(server.ended).toBe(0);
  streams[0]?.end(refusal(0));
  await settled();
  expect(server.ended).toBe(1);
  await vi.advanceTimersByTimeAsync(1000);
  streams[1]?.open();
  // A server cannot know what a new stream has missed.
  streams[1]?.send('hello', { epoch: 'e', missed: true });
  await settled();
  expect([connection.value, seen]).toEqual([{ is: 'live' }, ['reset']]);
});
