import { afterEach, expect, test, vi } from 'vitest';
import { proofOf } from '@typekro/controller/inspect';
import { type Api, type ServerProof, ApiError, createApi, MAX_SILENCE_MS } from './api-client.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const OWN = '127.0.0.1:8090';

test.each<[string, string, (nonce: string) => unknown, ServerProof]>([
  ['the server of the page', OWN, (nonce) => ({ proof: proofOf('kept')(nonce, OWN) }), 'own'],
  // Another program listens on [::1], and forwards the nonce with the `Host` header of the real server.
  ['a relay at localhost', 'localhost:8090', (nonce) => ({ proof: proofOf('kept')(nonce, OWN) }), 'none'],
  ['a relay at another port', '127.0.0.1:9000', (nonce) => ({ proof: proofOf('kept')(nonce, OWN) }), 'none'],
  ['a server with another token', OWN, (nonce) => ({ proof: proofOf('other')(nonce, OWN) }), 'none'],
  ['a proof for an earlier nonce', OWN, () => ({ proof: proofOf('kept')('0'.repeat(32), OWN) }), 'none'],
  ['a string that is not a proof', OWN, () => ({ proof: 'yes' }), 'none'],
  ['a response without a proof', OWN, () => [], 'none'],
])(
  'a proof is accepted only if it is for the token, the nonce and the address of the page: %s',
  async (_title, host, answer, expected) => {
    vi.stubGlobal('location', { host });
    vi.stubGlobal('fetch', (path: string) =>
      Promise.resolve(Response.json(answer(new URLSearchParams(path.split('?')[1]).get('nonce') ?? ''))),
    );
    expect(await createApi('kept', () => true).proof()).toBe(expected);
  },
);

test('a page that gets no response does not know whether the server is its own', async () => {
  vi.stubGlobal('location', { host: OWN });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')));
  expect(await createApi('kept', () => true).proof()).toBe('unknown');
});

test.each<[string, number, ServerProof]>([
  ['a server that was opened as localhost, or through another port', 421, 'other-address'],
  ['a server without proofs', 404, 'none'],
  ['a program that does not reach the server to which it forwards', 502, 'unknown'],
])('without a proof, the status of the response shows the reason: %s', async (_title, status, expected) => {
  vi.stubGlobal('location', { host: OWN });
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ code: 'x', message: 'no' }, { status })));
  expect(await createApi('kept', () => true).proof()).toBe(expected);
});

/**
 * A server that accepts requests and never responds. It sends only the parts of the stream that a test passes to
 * `send`.
 */
function frozenServer(): { readonly api: Api; readonly send: (part: string) => void } {
  let send: (part: string) => void = () => {};
  vi.stubGlobal('fetch', (path: string, { signal }: { readonly signal?: AbortSignal }) => {
    if (path !== '/api/v1/events' || signal === undefined) {
      return new Promise<never>((_, reject) =>
        signal?.addEventListener('abort', () => reject(new DOMException('ended', 'AbortError'))),
      );
    }
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        send = (part) => controller.enqueue(new TextEncoder().encode(part));
        signal.addEventListener('abort', () => controller.error(new DOMException('ended', 'AbortError')));
      },
    });
    return Promise.resolve(new Response(body));
  });
  return { api: createApi('kept', () => false), send: (part) => send(part) };
}

const noAnswer = expect.objectContaining({ status: 0 }) as unknown;

test('a stream that sends no byte for some time counts as lost, even if its connection is open; a comment is enough to keep it', async () => {
  vi.useFakeTimers();
  const { api, send } = frozenServer();
  const failures: unknown[] = [];
  const messages = (await api.events())[Symbol.asyncIterator]();
  messages.next().catch((error: unknown) => failures.push(error));
  for (let comments = 0; comments < 4; comments += 1) {
    await vi.advanceTimersByTimeAsync(15_000);
    send(':\n\n');
  }
  await vi.advanceTimersByTimeAsync(MAX_SILENCE_MS - 1);
  expect(failures).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(failures).toEqual([noAnswer]);
  expect(failures[0]).toBeInstanceOf(ApiError);
});

test('a server that does not respond to the request for the stream, or for a check, counts as lost after a time', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', (_path: string, { signal }: { readonly signal: AbortSignal }) => {
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))),
    );
  });
  // The time limits of `AbortSignal.timeout` do not follow the fake timers, so the test aborts these signals itself.
  const limits: AbortController[] = [];
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    limits.push(new AbortController());
    return limits.at(-1)?.signal ?? AbortSignal.abort();
  });
  const api = createApi('kept', () => false);
  const failures: unknown[] = [];
  api.events().catch((error: unknown) => failures.push(error));
  await vi.advanceTimersByTimeAsync(MAX_SILENCE_MS);
  expect(failures).toEqual([noAnswer]);
  api.check().catch((error: unknown) => failures.push(error));
  vi.stubGlobal('location', { host: OWN });
  const proof = api.proof();
  expect(limits).toHaveLength(2);
  for (const limit of limits) limit.abort();
  expect(await proof).toBe('unknown');
  await vi.advanceTimersByTimeAsync(0);
  expect(failures).toEqual([noAnswer, noAnswer]);
  vi.restoreAllMocks();
});

test('running requests that are ended count as requests without a response, and later requests are sent', async () => {
  const { api } = frozenServer();
  const reading = api.get('/api/v1/meta');
  const planning = api.post('/api/v1/plan', {});
  api.end();
  await expect(reading).rejects.toEqual(noAnswer);
  await expect(planning).rejects.toEqual(noAnswer);
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ is: 'there' })));
  expect(await api.get('/api/v1/meta')).toEqual({ is: 'there' });
});
