import { expect, it, test } from 'vitest';
import fc from 'fast-check';
import type { KubeObject } from '@typekro/kit/core';
import { type FakeAnswer, fakeTransport } from '../test-support/fake-transport.ts';
import { KubeClient } from './client.ts';
import { KubeError } from './kube-error.ts';
import type { Clock, TransportRequest, WatchEvent } from './kube-api.ts';
import { isTimeout, withDeadline } from './deadline.ts';

/** Timers fire at once, so that pauses between retries take no time. */
const instantClock: Clock = {
  now: () => 0,
  setTimer(_milliseconds, callback) {
    const handle = setImmediate(callback);
    return { cancel: () => clearImmediate(handle) };
  },
};

const CORE = {
  kind: 'APIResourceList',
  resources: [
    { name: 'configmaps', singularName: 'configmap', namespaced: true, kind: 'ConfigMap', verbs: ['get'] },
    { name: 'namespaces', singularName: 'namespace', namespaced: false, kind: 'Namespace', verbs: ['get'] },
    { name: 'namespaces/status', singularName: '', namespaced: false, kind: 'Namespace', verbs: ['get'] },
  ],
};
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n' } };
const REF = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'n' };

function setup(answer: (request: TransportRequest) => FakeAnswer | Error, clock = instantClock) {
  const transport = fakeTransport((request) => (request.path === '/api/v1' ? { body: CORE } : answer(request)));
  const client = new KubeClient({ transport, clock, random: () => 0 });
  const sentRequests = () =>
    transport.requests.filter(({ path }) => path !== '/api/v1').map((r) => `${r.method} ${r.path}`);
  return { client, transport, sentRequests };
}

const notFound = {
  status: 404,
  body: {
    kind: 'Status',
    reason: 'NotFound',
    message: 'configmaps "a" not found',
    details: { name: 'a', kind: 'configmaps' },
  },
};

it('reads all pages of a list, and adds apiVersion and kind to every object', async () => {
  const { client, sentRequests } = setup(({ path }) =>
    path.includes('continue=')
      ? { body: { metadata: { resourceVersion: '9' }, items: [{ metadata: { name: 'b' } }] } }
      : { body: { metadata: { resourceVersion: '9', continue: 'x=' }, items: [{ metadata: { name: 'a' } }] } },
  );
  const list = await client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'n', labelSelector: 'a=b' });
  expect(list.items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['ConfigMap a', 'ConfigMap b']);
  expect(sentRequests()).toEqual([
    'GET /api/v1/namespaces/n/configmaps?labelSelector=a%3Db&limit=500',
    'GET /api/v1/namespaces/n/configmaps?labelSelector=a%3Db&limit=500&continue=x%3D',
  ]);
});

it.each<[string, object]>([
  ['no type', {}],
  ['the type PartialObjectMetadata', { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' }],
  ['their type', { apiVersion: 'v1', kind: 'ConfigMap' }],
])('adds apiVersion and kind to objects when the server sends %s', async (_title, type) => {
  const object = { ...type, metadata: { name: 'a', resourceVersion: '3' } };
  const { client } = setup(({ path }) => ({
    body: path.includes('watch=')
      ? `${JSON.stringify({ type: 'ADDED', object })}\n`
      : { metadata: { resourceVersion: '2' }, items: [object] },
  }));
  const requestedType = { apiVersion: 'v1', kind: 'ConfigMap' };
  const { items } = await client.list(requestedType, { metadataOnly: true });
  expect(items).toMatchObject([requestedType]);
  for await (const event of client.watch(requestedType, { metadataOnly: true, resourceVersion: '2' })) {
    expect(event).toMatchObject({ type: 'ADDED', object: requestedType });
    break;
  }
});

it('reads the whole list in one request when the resource version of its pages has expired', async () => {
  const { client, sentRequests } = setup(({ path }) => {
    if (path.includes('continue=')) return { status: 410, body: { kind: 'Status', reason: 'Expired' } };
    const next = path.includes('limit=') ? { continue: 'x' } : {};
    return { body: { metadata: { resourceVersion: '9', ...next }, items: [{ metadata: { name: 'a' } }] } };
  });
  const list = await client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'n' });
  expect(list.items).toHaveLength(1);
  expect(sentRequests()).toEqual([
    'GET /api/v1/namespaces/n/configmaps?limit=500',
    'GET /api/v1/namespaces/n/configmaps?limit=500&continue=x',
    'GET /api/v1/namespaces/n/configmaps',
  ]);
});

it('passes on each page before it requests the next', async () => {
  const seen: string[] = [];
  const { client } = setup(({ path }) => {
    const isLast = path.includes('continue=');
    seen.push(isLast ? 'request 2' : 'request 1');
    const next = isLast ? {} : { continue: 'x' };
    return {
      body: { metadata: { resourceVersion: '9', ...next }, items: [{ metadata: { name: isLast ? 'b' : 'a' } }] },
    };
  });
  const onPage = (items: readonly KubeObject[]) =>
    seen.push(...items.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  await client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'n', onPage });
  expect(seen).toEqual(['request 1', 'ConfigMap a', 'request 2', 'ConfigMap b']);
});

it('reads lists of any length', async () => {
  const items = Array.from({ length: 200_000 }, () => ({ metadata: {} }));
  const { client } = setup(() => ({ body: { metadata: {}, items } }));
  const list = await client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { limit: 0 });
  expect(list.items).toHaveLength(items.length);
});

it('waits longer after each failed watch, even if the server sends Retry-After: 0', async () => {
  const { client } = setup(() => ({ status: 503, body: '', headers: { 'retry-after': '0' } }));
  const waits: number[] = [];
  for await (const event of client.watch({ apiVersion: 'v1', kind: 'ConfigMap' })) {
    if (event.type === 'ERROR') waits.push(event.retryAfterMs);
    if (waits.length === 3) break;
  }
  expect(waits).toEqual([250, 500, 1000]);
});

it('lists the newest state when the resource version at which a watch begins is too old', async () => {
  const { client, sentRequests } = setup(({ path }) => {
    if (path.includes('resourceVersion=5')) return { status: 410, body: { kind: 'Status', reason: 'Expired' } };
    if (path.includes('sendInitialEvents')) return { status: 422, body: '' };
    return { body: { metadata: { resourceVersion: '9' }, items: [] } };
  });
  for await (const { type } of client.watch({ apiVersion: 'v1', kind: 'ConfigMap' }, { resourceVersion: '5' }))
    if (type === 'SYNCED') break;
  expect(sentRequests().at(-1)).toBe('GET /api/v1/configmaps?limit=500');
});

it.each(['', '.', '..', 'a/status', 'a%2Fstatus'])('sends no request for an object named "%s"', async (name) => {
  const { client, sentRequests } = setup(() => ({ body: MAP }));
  const refused = { status: 400, reason: 'BadRequest' };
  await expect(client.get({ ...REF, name })).rejects.toMatchObject(refused);
  await expect(client.delete({ ...REF, name })).rejects.toMatchObject(refused);
  await expect(client.apply({ ...MAP, metadata: { name } }, { fieldManager: 'm' })).rejects.toMatchObject(refused);
  if (name !== '') await expect(client.get({ ...REF, namespace: name })).rejects.toMatchObject(refused);
  expect(sentRequests()).toEqual([]);
});

it.each<[string, FakeAnswer]>([
  ['no JSON', { body: '<html>Please log in</html>' }],
  ['half a JSON text', { body: '{"metadata":{' }],
  ['JSON of another type', { body: '[]' }],
  ['a redirect', { status: 302, headers: { location: 'https://login' }, body: '' }],
])('reports a response that is %s', async (_title, answer) => {
  const { client } = setup(() => answer);
  await expect(client.get(REF)).rejects.toBeInstanceOf(KubeError);
  await expect(client.apply(MAP, { fieldManager: 'm' })).rejects.toBeInstanceOf(KubeError);
  await expect(client.list({ apiVersion: 'v1', kind: 'ConfigMap' })).rejects.toBeInstanceOf(KubeError);
  if (answer.body === '[]') return;
  const { discovery } = new KubeClient({ transport: fakeTransport(() => answer), clock: instantClock });
  await expect(discovery.resourceOf(REF)).rejects.toBeInstanceOf(KubeError);
});

it.each<[string, unknown]>([
  ['no metadata', { items: [] }],
  ['items that are not a list', { metadata: {}, items: 'a' }],
  ['an item that is not an object', { metadata: {}, items: [null] }],
  ['an item without metadata', { metadata: {}, items: [{}] }],
])('refuses a list with %s', async (_title, body) => {
  const { client } = setup(() => ({ body }));
  const listed = client.list({ apiVersion: 'v1', kind: 'ConfigMap' });
  await expect(listed).rejects.toMatchObject({ reason: 'MalformedList' });
});

it('reads items: null as an empty list', async () => {
  const { client } = setup(() => ({ body: { metadata: { resourceVersion: '9' }, items: null } }));
  expect(await client.list({ apiVersion: 'v1', kind: 'ConfigMap' })).toEqual({ items: [], resourceVersion: '9' });
});

it('applies with manager and force, and keeps integers beyond 2^53', async () => {
  const { client, transport } = setup(() => ({
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{},"n":9007199254740993}',
  }));
  const answer = await client.apply({ ...MAP, n: 9007199254740993n }, { fieldManager: 'm', force: true });
  const sent = transport.requests.at(-1);
  expect(sent?.path).toBe('/api/v1/namespaces/n/configmaps/a?fieldManager=m&force=true');
  expect(sent?.headers?.['content-type']).toBe('application/apply-patch+yaml');
  expect(sent?.body).toContain('"n":9007199254740993');
  expect(answer['n']).toBe(9007199254740993n);
});

it('turns a Status into a typed error', async () => {
  const { client } = setup(() => notFound);
  await expect(client.get(REF)).rejects.toMatchObject({
    code: 'kube/not-found',
    status: 404,
    reason: 'NotFound',
    message: 'configmaps "a" not found',
    details: { name: 'a' },
    object: REF,
  });
  expect(await client.find(REF)).toBeUndefined();
});

it('has a remedy in the error of a client without credentials', async () => {
  const message = 'forbidden: User "system:anonymous" cannot get path "/apis/acme.test/v1"';
  const { client } = setup(() => ({ status: 403, body: { kind: 'Status', reason: 'Forbidden', message } }));
  await expect(client.raw({ path: '/apis/acme.test/v1' })).rejects.toMatchObject({
    remedy: expect.stringContaining('credentials') as string,
  });
});

it.each([
  ['before it responded', /^if the server speaks TLS, write https:/],
  ['before its response was complete', /^check that the API server runs, and the time limits of proxies/],
])('has a remedy for a connection that the server closed %s', async (when, remedy) => {
  const { client } = setup(() => new Error(`the server closed the connection ${when}`));
  await expect(client.raw({ path: '/apis/acme.test/v1' })).rejects.toMatchObject({
    remedy: expect.stringMatching(remedy) as string,
  });
});

it('distinguishes a removed kind from a missing object, and looks the kind up again', async () => {
  const { client, transport } = setup(() => ({ status: 404, body: '404 page not found' }));
  await expect(client.get(REF)).rejects.toMatchObject({ reason: 'UnknownKind' });
  await expect(client.get(REF)).rejects.toMatchObject({ reason: 'UnknownKind' });
  expect(transport.requests.filter(({ path }) => path === '/api/v1')).toHaveLength(2);
});

const retries: readonly { title: string; write: boolean; first: FakeAnswer | Error; tries: number }[] = [
  { title: 'repeats a read after 503', write: false, first: { status: 503, body: '' }, tries: 2 },
  { title: 'repeats a read after a lost connection', write: false, first: new Error('reset'), tries: 2 },
  {
    title: 'repeats any request after 429',
    write: true,
    first: { status: 429, body: '', headers: { 'retry-after': '0' } },
    tries: 2,
  },
  { title: 'never repeats a create whose outcome is unknown', write: true, first: new Error('reset'), tries: 1 },
  {
    title: 'never repeats a request that the server refused',
    write: false,
    first: { status: 403, body: '' },
    tries: 1,
  },
];
it.each(retries)('$title', async ({ write, first, tries }) => {
  let count = 0;
  const { client } = setup(() => {
    count += 1;
    return count === 1 ? first : { body: MAP };
  });
  const call = write ? client.create(MAP) : client.get(REF);
  if (tries === 1) await expect(call).rejects.toBeInstanceOf(KubeError);
  else expect(await call).toEqual(MAP);
  expect(count).toBe(tries);
});

it('waits as long as each Retry-After says, at most a minute, before it repeats a request', async () => {
  const answers = fc.array(fc.tuple(fc.constantFrom(429, 503), fc.integer({ min: 1, max: 90 })), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(answers, async (refusals) => {
      const pauses: number[] = [];
      const clock: Clock = {
        ...instantClock,
        setTimer(milliseconds, callback) {
          pauses.push(milliseconds);
          return instantClock.setTimer(milliseconds, callback);
        },
      };
      const waiting = refusals.map(([status, seconds]) => ({
        status,
        body: '',
        headers: { 'retry-after': String(seconds) },
      }));
      const { client } = setup(() => waiting.shift() ?? { body: MAP }, clock);
      expect(await client.get(REF)).toEqual(MAP);
      const expected = refusals.map(([, seconds]) => Math.min(seconds, 60) * 1000);
      // A request itself has a timer, too, which is not one of the pauses.
      expect(pauses.filter((pause) => expected.includes(pause))).toEqual(expected);
    }),
  );
});

it('repeats a read four times, and then fails', async () => {
  const { client, sentRequests } = setup(() => ({ status: 503, body: '' }));
  await expect(client.get(REF)).rejects.toMatchObject({ status: 503 });
  expect(sentRequests()).toHaveLength(1 + 4);
});

it('sends the user agent and the impersonated user in each request', async () => {
  const { client, transport } = setup(() => ({ body: MAP }));
  await client.as({ user: 'anna' }).get(REF);
  expect(transport.requests.at(-1)?.headers).toMatchObject({
    'impersonate-user': 'anna',
    'user-agent': expect.stringContaining('typekro') as string,
  });
});

it('follows no redirect, and reports it as an error', async () => {
  const { client, sentRequests } = setup(() => ({ status: 302, body: MAP, headers: { location: '/elsewhere' } }));
  await expect(client.get(REF)).rejects.toMatchObject({ status: 302 });
  expect(sentRequests()).toHaveLength(1);
});

it('reads a namespaced object without a namespace from the namespace default', async () => {
  const { client, sentRequests } = setup(() => ({ body: MAP }));
  await client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'a' });
  await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'a' });
  expect(sentRequests()).toEqual(['GET /api/v1/namespaces/default/configmaps/a', 'GET /api/v1/namespaces/a']);
});

it.each([{ status: 429, body: '' }, { status: 503, body: '' }, new Error('reset')])(
  'never repeats a write with repeat: false: %o',
  async (first) => {
    const { client, sentRequests } = setup(() => first);
    const once = { repeat: false };
    await expect(client.apply(MAP, { fieldManager: 'm', ...once })).rejects.toBeInstanceOf(KubeError);
    await expect(client.delete(REF, { preconditions: { uid: 'u' }, ...once })).rejects.toBeInstanceOf(KubeError);
    expect(sentRequests()).toHaveLength(2);
  },
);

it.each<[string, number | undefined]>([
  ['7', 7000],
  ['0', undefined],
  ['3600', 60_000],
  ['', undefined],
  ['-1', undefined],
])('an error has the pause of the header Retry-After: %s, limited to a minute', async (retryAfter, milliseconds) => {
  const { client } = setup(() => ({ status: 500, body: '', headers: { 'retry-after': retryAfter } }));
  await expect(client.get(REF)).rejects.toMatchObject({ retryAfterMs: milliseconds });
});

it('gives up at once when its signal aborts', async () => {
  const { client, sentRequests } = setup(() => ({ body: MAP }));
  await expect(client.get(REF, { signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'Aborted' });
  expect(sentRequests()).toEqual([]);
});

it('reads the list of a watch as a stream of events, and then follows changes', async () => {
  const event = (type: string, version: string, mark?: string) =>
    JSON.stringify({
      type,
      object: {
        ...MAP,
        metadata: {
          name: 'a',
          resourceVersion: version,
          ...(mark === undefined ? {} : { annotations: { [mark]: 'true' } }),
        },
      },
    });
  const { client, sentRequests } = setup(() => ({
    body: `${event('ADDED', '1')}\n${event('BOOKMARK', '2', 'k8s.io/initial-events-end')}\n${event('DELETED', '3')}\n`,
  }));
  const seen: string[] = [];
  for await (const entry of client.watch({ apiVersion: 'v1', kind: 'ConfigMap' })) {
    seen.push(describeEvent(entry));
    if (entry.type === 'DELETED') break;
  }
  expect(seen).toEqual(['RESTARTED', 'ADDED', 'SYNCED 2', 'DELETED']);
  expect(sentRequests()[0]).toContain('watch=true&allowWatchBookmarks=true&timeoutSeconds=240&sendInitialEvents=true');
});

function describeEvent(event: WatchEvent): string {
  return event.type === 'SYNCED' ? `SYNCED ${event.resourceVersion}` : event.type;
}

/** A clock with one timer, which the test fires. */
function handClock(): { clock: Clock; fire: () => void; cancelled: () => boolean } {
  let callback = () => {};
  let cancelled = false;
  return {
    fire: () => callback(),
    cancelled: () => cancelled,
    clock: {
      now: () => 0,
      setTimer(_milliseconds, timer) {
        callback = timer;
        return { cancel: () => void (cancelled = true) };
      },
    },
  };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

test('work that ends in time yields its result, and the timer is cancelled', async () => {
  const { clock, cancelled } = handClock();
  expect(await withDeadline(1000, [], clock, async () => 'done')).toBe('done');
  expect(cancelled()).toBe(true);
});

test('at the time limit the signal aborts with a TimeoutError', async () => {
  const { clock, fire } = handClock();
  let seen: AbortSignal | undefined;
  const work = withDeadline(1000, [], clock, (signal) => {
    seen = signal;
    return untilAborted(signal);
  });
  fire();
  await expect(work).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(seen !== undefined && isTimeout(seen)).toBe(true);
});

test("the signal gets the reason of the caller's abort, which is not a timeout", async () => {
  const caller = new AbortController();
  let seen: AbortSignal | undefined;
  const work = withDeadline(1000, [undefined, caller.signal], handClock().clock, (signal) => {
    seen = signal;
    return untilAborted(signal);
  });
  caller.abort(new Error('stop'));
  await expect(work).rejects.toThrow('stop');
  expect(seen !== undefined && isTimeout(seen)).toBe(false);
});

test('the work gets an aborted signal if the signal of the caller is already aborted', async () => {
  const work = withDeadline(
    1000,
    [AbortSignal.abort(new Error('early'))],
    handClock().clock,
    async (signal) => signal.aborted,
  );
  expect(await work).toBe(true);
});

test('many requests may listen to the signal without a warning of Node.js', async () => {
  const { clock } = handClock();
  const warnings: string[] = [];
  const note = ({ name }: Error) => void warnings.push(name);
  process.on('warning', note);
  await withDeadline(1000, [], clock, async (signal) => {
    for (let count = 0; count < 20; count += 1) signal.addEventListener('abort', () => count);
    // Node.js emits the warning one turn of the event loop later.
    await new Promise(setImmediate);
  });
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
