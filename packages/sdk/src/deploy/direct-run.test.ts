import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { createEmbeddedCluster } from '@typekro/cluster';
import { KubeClient, KubeError, systemClock } from '@typekro/kube';
import type { Clock, KubernetesApi, Transport, TransportResponse, WatchEvent } from '@typekro/kube';
import type { KubeObject } from '@typekro/kit/core';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';
import type { Decision, ObjectTarget, ObjectType } from '@typekro/engine/runtime';
import { DirectRun } from './direct-run.ts';
import { writeRulesOf } from './retries-of.ts';
import { EventFilter, monitorEvents } from './event-monitor.ts';
import { WatchSet } from './watch-set.ts';

const CONFIG_MAP = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const graph = graphOf(`
schema: {}
resources:
  - id: c
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: v}}
`);
const instance = {
  apiVersion: 'acme.test/v1',
  kind: 'App',
  metadata: { name: 'a', namespace: 'default', uid: 'u', creationTimestamp: '2026-11-01T00:00:00Z' },
  spec: {},
};

function refusal(status: number, retryAfter: string | undefined): TransportResponse {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  };
  const reason = status === 429 ? 'TooManyRequests' : 'ServiceUnavailable';
  const body = Buffer.from(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code: status }),
  );
  const stream = async function* () {
    yield await Promise.resolve(body);
  };
  return { status, headers, body: stream() };
}

/** Deploys a child whose first writes are refused. Returns the times at which its writes were sent. */
async function timesOfWrites(refusals: readonly TransportResponse[]): Promise<number[]> {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const clock = new TestClock();
  const left = [...refusals];
  const times: number[] = [];
  const inner = cluster.transport();
  const transport: Transport = {
    request(request) {
      if (request.method !== 'PATCH' || !request.path.includes('/configmaps/c?')) return inner.request(request);
      times.push(clock.now());
      const instead = left.shift();
      return instead === undefined ? inner.request(request) : Promise.resolve(instead);
    },
    close: () => inner.close(),
  };
  const run = runWith(transport, clock);
  const finished = new AbortController();
  const ended = run.run(({ state }) => state === 'ACTIVE').finally(() => finished.abort());
  while (!finished.signal.aborted) await clock.advance(50);
  await ended;
  return times;
}

function runWith(
  transport: Transport,
  clock: Clock,
  report: (decision: Decision) => void = () => undefined,
): DirectRun {
  return new DirectRun({
    api: new KubeClient({ transport, clock }),
    graph,
    instance,
    clock,
    signal: new AbortController().signal,
    effects: 'write',
    rules: writeRulesOf(),
    step: {},
    record: { target: { type: CONFIG_MAP, name: 'record', namespace: 'default' }, selector: 'record=a' },
    beforeWrite: () => Promise.resolve(),
    writeParent: (parent, current) =>
      Promise.resolve({
        ...current,
        metadata: { ...current.metadata, ...parent.labels?.metadata, ...parent.inventory?.metadata },
      }),
    report,
  });
}

test('each decision has a turn of the event loop, also when the server of this process lets none pass', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  let [isEnded, turns] = [false, 0];
  const count = (): void => {
    turns += 1;
    if (!isEnded) setImmediate(count);
  };
  count();
  const seen: number[] = [];
  const run = runWith(cluster.transport(), systemClock, () => seen.push(turns));
  await run.run(() => seen.length >= 3);
  isEnded = true;
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(3);
});

test.each<[string, readonly TransportResponse[], readonly [number, number][]]>([
  [
    'for the Retry-After of the response',
    [refusal(429, '3'), refusal(429, '2')],
    [
      [3000, 3200],
      [2000, 2200],
    ],
  ],
  ['for a Retry-After that is longer than the wait of one pass', [refusal(429, '20')], [[20_000, 20_200]]],
  ['for the Retry-After of an unavailable server', [refusal(503, '4')], [[4000, 4200]]],
  [
    'with growing pauses without a Retry-After',
    [refusal(429, undefined), refusal(429, undefined)],
    [
      [50, 300],
      [100, 500],
    ],
  ],
])('when a busy server refuses a child, the deploy waits %s, and then continues', async (_name, refusals, pauses) => {
  const times = await timesOfWrites(refusals);
  expect(times).toHaveLength(refusals.length + 1);
  for (const [index, [least, most]] of pauses.entries()) {
    const waited = (times[index + 1] ?? 0) - (times[index] ?? 0);
    expect(waited).toBeGreaterThanOrEqual(least);
    expect(waited).toBeLessThanOrEqual(most);
  }
});

const deployment = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: 'shop' });
const monitored = [
  { id: 'web', object: deployment('web') },
  { id: 'api', object: deployment('web-api') },
];
const event = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'shop' },
  type: 'Warning',
  reason: 'BackOff',
  message: 'restarting',
  involvedObject: { kind, name, namespace: 'shop' },
  ...more,
});
const idOf = (filter: EventFilter, reported: KubeObject, now = 0) => filter.report(reported, now)?.resourceId;

test.each([
  ['Deployment', 'web', 'web'],
  ['Pod', 'web-5d-x', 'web'],
  ['Pod', 'web-api-5d-x', 'api'],
  ['Pod', 'other', undefined],
  ['Pod', 'website', undefined],
])('an event of %s %s belongs to %s', (kind, name, expected) => {
  expect(idOf(new EventFilter({}, monitored), event(kind, name))).toBe(expected);
});

test('options exclude the events of children and of other types, and events of other namespaces are always excluded', () => {
  const own = new EventFilter({ includeChildResources: false, eventTypes: ['Warning'] }, monitored);
  expect(idOf(own, event('Pod', 'web-5d'))).toBeUndefined();
  expect(idOf(own, event('Deployment', 'web', { type: 'Normal' }))).toBeUndefined();
  const elsewhere = { involvedObject: { kind: 'Deployment', name: 'web', namespace: 'other' } };
  expect(idOf(own, event('Deployment', 'web', elsewhere))).toBeUndefined();
  expect(idOf(own, event('Deployment', 'web'))).toBe('web');
});

test('an event is reported again after the deduplication window', () => {
  const filter = new EventFilter({ deduplicationWindow: 10 }, monitored);
  const at = [0, 9000, 10_000].map((now) => idOf(filter, event('Deployment', 'web'), now));
  expect(at).toEqual(['web', undefined, 'web']);
});

test('at most maxEventsPerSecond events are reported', () => {
  const filter = new EventFilter({ maxEventsPerSecond: 2 }, monitored);
  const idAt = (message: string, now: number) => idOf(filter, event('Deployment', 'web', { message }), now);
  expect([idAt('a', 0), idAt('b', 1), idAt('c', 2), idAt('d', 1000)]).toEqual(['web', 'web', undefined, 'web']);
});

test('the error of a listener ends the reports; `stop` throws it, and the process gets no unhandled error', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const api = scriptedApi();
  const report = () => {
    throw new Error('no room');
  };
  const beginning = monitorEvents(api, monitored, {}, { clock: new TestClock(), report });
  const [watch] = api.watches;
  await watch?.push({ type: 'RESTARTED' }, { type: 'SYNCED', resourceVersion: '1' });
  const monitor = await beginning;
  await watch?.push({ type: 'ADDED', object: event('Deployment', 'web') });
  await new Promise(setImmediate);
  await expect(monitor.stop()).rejects.toThrow('no room');
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const type: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const target = (name: string): ObjectTarget => ({ type, name, namespace: 'a' });
const object = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'a', uid: `uid-${name}`, labels },
  data: { large: 'value' },
});
const selected = object('ours', { mine: 'yes' });
const added = (some: KubeObject): WatchEvent => ({ type: 'ADDED', object: some });

/** Makes a `WatchSet` with one watch that emits these events. `changes` has the changes that the set reported. */
async function shown(events: readonly WatchEvent[]) {
  const changes: string[] = [];
  let end = (): void => undefined;
  const taken = new Promise<void>((resolve) => {
    end = resolve;
  });
  const watch = async function* () {
    yield* events;
    end();
    // The watch stays open.
    await new Promise(() => undefined);
  };
  const set = new WatchSet(
    { watch } as unknown as KubernetesApi,
    (_type, { kind, metadata }, gone) => changes.push(`${kind} ${metadata.uid} ${gone ? 'gone' : 'seen'}`),
    ({ metadata }) => metadata.labels?.['mine'] === 'yes',
  );
  set.set([{ kind: 'object', target: target('named') }]);
  await taken;
  return { set, changes };
}

const synced: WatchEvent = { type: 'SYNCED', resourceVersion: '9' };

test('a watch keeps objects that the deploy may read or has requested, and only the identity of the others', async () => {
  const named = object('named');
  const { set } = await shown([added(selected), added(object('other')), added(named), synced]);
  expect(await set.look(target('ours'))).toEqual({ exists: true, object: selected });
  expect(await set.look(target('named'))).toEqual({ exists: true, object: named });
  expect(await set.look(target('other'))).toEqual({ exists: undefined });
  expect(await set.look(target('nothing'))).toEqual({ exists: false });
  expect(await set.lookAll('', 'ConfigMap', ['a'])).toEqual([selected]);
});

test('an object is kept once the deploy may read it, and dropped once the deploy may not read it any more', async () => {
  const modified = (some: KubeObject): WatchEvent => ({ type: 'MODIFIED', object: some });
  const taken = object('other', { mine: 'yes' });
  const { set } = await shown([
    added(selected),
    added(object('other')),
    modified(taken),
    modified(object('ours')),
    synced,
  ]);
  expect(await set.lookAll('', 'ConfigMap', ['a'])).toEqual([taken]);
  expect(await set.look(target('ours'))).toEqual({ exists: undefined });
});

test('objects that were deleted during an interruption are reported, including those of other owners', async () => {
  const { set, changes } = await shown([
    added(selected),
    added(object('other')),
    synced,
    { type: 'RESTARTED' },
    synced,
  ]);
  expect(changes.slice(2)).toEqual(['ConfigMap uid-ours gone', 'ConfigMap uid-other gone']);
  expect(await set.look(target('other'))).toEqual({ exists: false });
});

test('a deleted object of another owner does not exist', async () => {
  const deleted: WatchEvent = { type: 'DELETED', object: object('other') };
  const { set } = await shown([added(object('other')), deleted, synced]);
  expect(await set.look(target('other'))).toEqual({ exists: false });
});

test('no read waits for a failing watch', async () => {
  const error = new KubeError('no', { status: 403, reason: 'Forbidden' });
  const { set } = await shown([{ type: 'ERROR', error, retryAfterMs: 1000 }]);
  expect(await set.look(target('named'))).toEqual({ exists: undefined });
  expect(await set.lookAll('', 'ConfigMap', ['a'])).toBeUndefined();
});
