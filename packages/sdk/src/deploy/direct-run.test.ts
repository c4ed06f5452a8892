import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { createEmbeddedCluster } from '@typekro/cluster';
import type { Transport, TransportResponse } from '@typekro/kube';
import { KubeClient } from '@typekro/kube';
import { DirectRun } from './direct-run.ts';
import { writeRulesOf } from './retries-of.ts';

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
  const run = new DirectRun({
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
    report: () => undefined,
  });
  const finished = new AbortController();
  const ended = run.run(({ state }) => state === 'ACTIVE').finally(() => finished.abort());
  while (!finished.signal.aborted) await clock.advance(50);
  await ended;
  return times;
}

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
