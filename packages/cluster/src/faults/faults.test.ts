import { describe, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';
import { type ManualClock, createManualClock } from '../cluster-clock.ts';
import { sendJson } from '../../test-support/send-json.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { FaultRule, Faults } from './fault.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

type Answer = Awaited<ReturnType<typeof call>>;

const call = (cluster: Cluster, method: string, path: string, body?: object, user?: UserInfo) =>
  sendJson(cluster, method, path, { body, user });

const map = (name: string, value = '') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { value },
});

const valueOf = ({ body }: Answer) => (body['data'] as { value: string } | undefined)?.value;

async function bare(): Promise<{ cluster: Cluster; clock: ManualClock }> {
  const clock = createManualClock(0);
  return { cluster: await createEmbeddedCluster({ controllers: false, clock }), clock };
}

describe('the requests that a rule matches', () => {
  const ERROR = { kind: 'error', status: 500, reason: 'InternalError' } as const;
  test.each([
    ['the verb', { verb: 'list' }, 'GET', MAPS],
    ['one of several verbs', { verb: ['create', 'list'] }, 'GET', MAPS],
    ['group and kind', { group: '', kind: 'ConfigMap' }, 'GET', MAPS],
    ['the plural', { resource: 'configmaps' }, 'GET', MAPS],
    ['the namespace', { namespace: 'default' }, 'GET', MAPS],
    ['the name', { name: 'a' }, 'GET', `${MAPS}/a`],
    ['the name in a field selector', { name: 'a', verb: 'list' }, 'GET', `${MAPS}?fieldSelector=metadata.name%3Da`],
    ['the subresource', { subresource: 'status' }, 'GET', '/api/v1/namespaces/default/services/kubernetes/status'],
    ['an empty subresource', { subresource: '' }, 'GET', MAPS],
    ['the user', { user: 'kubernetes-admin' }, 'GET', MAPS],
    ['the method', { method: 'GET' }, 'GET', MAPS],
    ['the path', { path: /limit=5/ }, 'GET', `${MAPS}?limit=5`],
    ['a function', { where: ({ userAgent }: { userAgent: string }) => userAgent === '' }, 'GET', MAPS],
  ])('a rule matches by %s', async (_name, match, method, path) => {
    const { cluster } = await bare();
    const rule = cluster.faults.add(match, ERROR);
    expect((await call(cluster, method, path)).status).toBe(500);
    expect(rule.hits).toBe(1);
    expect((await call(cluster, 'GET', MAPS)).status).toBe(200);
    await cluster.close();
  });

  test.each([
    ['its verb', { verb: 'get' }],
    ['its kind', { kind: 'Secret' }],
    ['its namespace', { namespace: 'other' }],
    ['its user', { user: 'other' }],
    ['its subresource', { subresource: 'status' }],
    ['its name', { name: 'a' }],
  ])('a rule does not match a request without %s', async (_name, match) => {
    const { cluster } = await bare();
    cluster.faults.add(match, ERROR, Number.POSITIVE_INFINITY);
    expect((await call(cluster, 'GET', MAPS)).status).toBe(200);
    expect(cluster.faults.hits).toBe(0);
    await cluster.close();
  });

  test('a rule skips its first `after` requests, hits at most `times` requests, and can be removed', async () => {
    const { cluster } = await bare();
    const statuses = async (count: number) => {
      const found: number[] = [];
      for (let index = 0; index < count; index++) found.push((await call(cluster, 'GET', MAPS)).status);
      return found;
    };
    cluster.faults.add({}, ERROR, { after: 1, times: 2 });
    expect(await statuses(4)).toEqual([200, 500, 500, 200]);
    const rule = cluster.faults.add({}, ERROR, Number.POSITIVE_INFINITY);
    expect(await statuses(1)).toEqual([500]);
    rule.remove();
    expect(await statuses(1)).toEqual([200]);
    const none = cluster.faults.add({}, ERROR, 0);
    expect(await statuses(1)).toEqual([200]);
    expect(none.hits).toBe(0);
    await cluster.close();
  });

  test('rules with the same seed hit the same requests, and a rule with another seed hits other requests', async () => {
    const pattern = async (seed: number) => {
      const { cluster } = await bare();
      cluster.faults.add({}, ERROR, { times: Number.POSITIVE_INFINITY, probability: 0.3, seed });
      const hits: boolean[] = [];
      for (let index = 0; index < 200; index++) hits.push((await call(cluster, 'GET', MAPS)).status === 500);
      await cluster.close();
      return hits;
    };
    const [first, again, other] = [await pattern(7), await pattern(7), await pattern(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first.filter(Boolean).length).toBeGreaterThan(35);
    expect(first.filter(Boolean).length).toBeLessThan(85);
  });
});

describe('rules that change while requests are delayed', () => {
  const ERROR = { kind: 'error', status: 500, reason: 'InternalError' } as const;
  const ALL = Number.POSITIVE_INFINITY;

  test.each<[text: string, times: number, change: (faults: Faults, rule: FaultRule) => void, statuses: number[]]>([
    ['a rule with `times: 1` hits one of three requests', 1, () => {}, [500, 200, 200]],
    ['a rule with `times: 2` hits two of three requests', 2, () => {}, [500, 500, 200]],
    ['a removed rule hits none', ALL, (_faults, rule) => rule.remove(), [200, 200, 200]],
    ['after `clear`, no rule hits', ALL, (faults) => faults.clear(), [200, 200, 200]],
    ['a new rule hits none of the earlier requests', 1, (faults) => void faults.add({}, ERROR, ALL), [500, 200, 200]],
  ])('%s', async (_text, times, change, statuses) => {
    const { cluster, clock } = await bare();
    cluster.faults.add({}, { kind: 'latency', milliseconds: 50 }, ALL);
    const rule = cluster.faults.add({}, ERROR, times);
    const pending = [1, 2, 3].map(() => call(cluster, 'GET', MAPS));
    await new Promise((resolve) => setImmediate(resolve));
    change(cluster.faults, rule);
    clock.advance(50);
    expect((await Promise.all(pending)).map(({ status }) => status)).toEqual(statuses);
    expect(rule.hits).toBe(statuses.filter((status) => status === 500).length);
    await cluster.close();
  });
});

describe('the effects of faults', () => {
  test('an error response has the Retry-After header of the rule', async () => {
    const { cluster } = await bare();
    cluster.faults.add({}, { kind: 'error', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 3 });
    const { status, headers, body } = await call(cluster, 'GET', MAPS);
    expect(status).toBe(429);
    expect(headers['retry-after']).toBe('3');
    expect(body).toMatchObject({ kind: 'Status', reason: 'TooManyRequests', code: 429 });
    await cluster.close();
  });

  test('latency follows the clock of the cluster, and a later rule can hit the same request', async () => {
    const { cluster, clock } = await bare();
    cluster.faults.add({}, { kind: 'latency', milliseconds: 1000 });
    cluster.faults.add({}, { kind: 'conflict' });
    let done = false;
    const pending = call(cluster, 'PUT', `${MAPS}/a`, map('a')).finally(() => (done = true));
    clock.advance(999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    clock.advance(1);
    const { status, body } = await pending;
    expect(status).toBe(409);
    expect(body['message']).toBe(
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
    await cluster.close();
  });

  test.each([
    ['disconnect', { kind: 'disconnect' }, /connection broke/, false],
    ['lost-answer', { kind: 'lost-answer' }, /connection broke/, true],
  ] as const)('%s breaks the connection', async (_name, fault, error, executed) => {
    const { cluster } = await bare();
    cluster.faults.add({ verb: 'create' }, fault);
    await expect(call(cluster, 'POST', MAPS, map('a'))).rejects.toThrow(error);
    expect((await call(cluster, 'GET', `${MAPS}/a`)).status).toBe(executed ? 200 : 404);
    await cluster.close();
  });

  test.each([
    [true, 200],
    [false, 404],
  ])('a timeout returns 504, and the request is executed: %s', async (executed, found) => {
    const { cluster } = await bare();
    cluster.faults.add({ verb: 'create' }, { kind: 'timeout', executed });
    expect(await call(cluster, 'POST', MAPS, map('a'))).toMatchObject({ status: 504, body: { reason: 'Timeout' } });
    expect((await call(cluster, 'GET', `${MAPS}/a`)).status).toBe(found);
    await cluster.close();
  });

  test('a request without a response is executed, and ends when the client aborts or the transport closes', async () => {
    const { cluster } = await bare();
    cluster.faults.add({ verb: 'create' }, { kind: 'no-answer' }, 2);
    const controller = new AbortController();
    const transport = cluster.transport();
    const request = (name: string, signal?: AbortSignal) =>
      transport.request({
        method: 'POST',
        path: MAPS,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(map(name)),
        ...(signal === undefined ? {} : { signal }),
      });
    const first = request('a', controller.signal);
    const second = request('b');
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await transport.close();
    await expect(second).rejects.toThrow('closed');
    expect((await call(cluster, 'GET', `${MAPS}/b`)).status).toBe(200);
    await cluster.close();
  });

  test('stale reads return old states, even of a deleted object, and writes use the current state', async () => {
    const { cluster } = await bare();
    await call(cluster, 'POST', MAPS, map('a', 'one'));
    const rule = cluster.faults.add({ kind: 'ConfigMap' }, { kind: 'stale' }, Number.POSITIVE_INFINITY);
    await call(cluster, 'PUT', `${MAPS}/a`, map('a', 'two'));
    expect(valueOf(await call(cluster, 'GET', `${MAPS}/a`))).toBe('one');
    await call(cluster, 'DELETE', `${MAPS}/a`);
    await call(cluster, 'POST', MAPS, map('b'));
    expect((await call(cluster, 'GET', `${MAPS}/b`)).status).toBe(404);
    expect((await call(cluster, 'GET', MAPS)).body['items']).toMatchObject([{ data: { value: 'one' } }]);
    rule.remove();
    expect((await call(cluster, 'GET', `${MAPS}/a`)).status).toBe(404);
    await cluster.close();
  });

  test('a stale read returns the state before the last `behind` changes, or the state at a resource version', async () => {
    const { cluster } = await bare();
    const versions: string[] = [];
    for (const value of ['one', 'two', 'three']) {
      const method = value === 'one' ? 'POST' : 'PUT';
      const { body } = await call(cluster, method, value === 'one' ? MAPS : `${MAPS}/a`, map('a', value));
      versions.push((body['metadata'] as { resourceVersion: string }).resourceVersion);
    }
    cluster.faults.add({}, { kind: 'stale', behind: 2 });
    expect(valueOf(await call(cluster, 'GET', `${MAPS}/a`))).toBe('one');
    cluster.faults.add({}, { kind: 'stale', resourceVersion: versions[1] ?? '' });
    expect(valueOf(await call(cluster, 'GET', `${MAPS}/a`))).toBe('two');
    await cluster.close();
  });
});

test('a delayed request leaves no timer after the transport and the cluster close', async () => {
  const { cluster, clock } = await bare();
  cluster.faults.add({}, { kind: 'latency', milliseconds: 1000 });
  const transport = cluster.transport();
  const waiting = transport.request({ method: 'GET', path: MAPS });
  await transport.close();
  await expect(waiting).rejects.toThrow('closed');
  await cluster.close();
  expect(clock.pending).toBe(0);
});

describe('faults of watches', () => {
  async function watching(cluster: Cluster) {
    const version = (await call(cluster, 'GET', MAPS)).body['metadata'] as { resourceVersion: string };
    const signal = new AbortController();
    const reply = await cluster
      .transport()
      .request({
        method: 'GET',
        path: `${MAPS}?watch=true&resourceVersion=${version.resourceVersion}`,
        signal: signal.signal,
      });
    const seen: string[] = [];
    const ended = (async () => {
      for await (const chunk of reply.body) {
        for (const line of Buffer.from(chunk).toString().trim().split('\n')) {
          const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { name?: string } } };
          seen.push(`${type} ${object.metadata.name ?? ''}`);
        }
      }
    })();
    return { seen, ended, stop: () => signal.abort() };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test.each([
    ['end', ['ADDED a'], undefined],
    ['expire', ['ADDED a', 'ERROR '], undefined],
    ['break', ['ADDED a'], /connection broke/],
  ] as const)('a watch-drop ends a watch after one event: %s', async (how, expected, error) => {
    const { cluster } = await bare();
    cluster.faults.add({ verb: 'watch' }, { kind: 'watch-drop', afterEvents: 1, how });
    const { seen, ended } = await watching(cluster);
    await call(cluster, 'POST', MAPS, map('a'));
    await call(cluster, 'POST', MAPS, map('b'));
    if (error === undefined) await ended;
    else await expect(ended).rejects.toThrow(error);
    expect(seen).toEqual(expected);
    await cluster.close();
  });

  test('a stalled watch receives one event and then nothing until the cluster closes', async () => {
    const { cluster } = await bare();
    cluster.faults.add({}, { kind: 'watch-stall', afterEvents: 1 });
    const { seen, ended } = await watching(cluster);
    await call(cluster, 'POST', MAPS, map('a'));
    await call(cluster, 'POST', MAPS, map('b'));
    await turn();
    expect(seen).toEqual(['ADDED a']);
    await cluster.close();
    await ended;
    expect(seen).toEqual(['ADDED a']);
  });

  test('a delayed watch receives its events in order, with a delay by the clock of the cluster', async () => {
    const { cluster, clock } = await bare();
    cluster.faults.add({}, { kind: 'watch-delay', milliseconds: 50 });
    const { seen, stop, ended } = await watching(cluster);
    await call(cluster, 'POST', MAPS, map('a'));
    clock.advance(49);
    await call(cluster, 'POST', MAPS, map('b'));
    await turn();
    expect(seen).toEqual([]);
    clock.advance(1);
    await turn();
    expect(seen).toEqual(['ADDED a']);
    clock.advance(49);
    await turn();
    expect(seen).toEqual(['ADDED a', 'ADDED b']);
    stop();
    await expect(ended).rejects.toThrow();
    await cluster.close();
  });
});

describe('over a socket', () => {
  test('a client gets errors for a broken connection, a lost response and a broken watch', async () => {
    const { cluster } = await bare();
    const { url } = await cluster.listen({ https: false });
    cluster.faults.add({ verb: 'get' }, { kind: 'disconnect' });
    await expect(fetch(`${url}${MAPS}/a`)).rejects.toThrow('fetch failed');
    cluster.faults.add({ verb: 'create' }, { kind: 'lost-answer' });
    const init = { method: 'POST', body: JSON.stringify(map('a')), headers: { 'content-type': 'application/json' } };
    await expect(fetch(`${url}${MAPS}`, init)).rejects.toThrow('fetch failed');
    expect((await fetch(`${url}${MAPS}/a`)).status).toBe(200);
    cluster.faults.add({ verb: 'watch' }, { kind: 'watch-drop', afterEvents: 1, how: 'break' });
    await expect(fetch(`${url}${MAPS}?watch=true`).then((reply) => reply.text())).rejects.toThrow('terminated');
    await cluster.close();
  });
});
