import { expect, test } from 'vitest';
import { scriptedApi } from '../test-support/scripted-api.ts';
import { TestClock } from '../test-support/test-clock.ts';
import type { WatchEvent } from './kube-api.ts';
import { KubeError } from './kube-error.ts';
import { withinLimit } from './wait-for.ts';

const REF = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a' };
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
const ADDED: WatchEvent = { type: 'ADDED', object };
const SYNCED: WatchEvent = { type: 'SYNCED', resourceVersion: '1' };
const broken = (message: string): WatchEvent => ({
  type: 'ERROR',
  error: new KubeError(message, { status: 0, reason: 'Transport' }),
  retryAfterMs: 1,
});

test.each<[what: string, events: readonly WatchEvent[], outage: string]>([
  ['the API server responds', [ADDED], ''],
  [
    'the API server has not responded',
    [ADDED, broken('refused'), broken('still refused')],
    ': the API server has not responded since 1970-01-01T00:00:00.000Z (still refused)',
  ],
  ['the API server responds again', [broken('refused'), ADDED], ''],
])('a wait that is not over in time says whether %s', async (_what, events, outage) => {
  const api = scriptedApi();
  const clock = new TestClock();
  const ended = withinLimit({ api, clock, signal: new AbortController().signal }, 1000, (wait) =>
    wait(REF, () => undefined),
  );
  await api.watches[0]?.push(...events);
  await clock.advance(1000);
  expect(await ended).toEqual({ outage });
});

test('a wait that is over in time has the value', async () => {
  const api = scriptedApi();
  const waiting = { api, clock: new TestClock(), signal: new AbortController().signal };
  const ended = withinLimit(waiting, 1000, (wait) => wait(REF, (found) => found?.metadata.name));
  await api.watches[0]?.push(SYNCED, ADDED);
  expect(await ended).toEqual({ value: 'a' });
});

test('a wait ends with the reason of the command, not of the limit', async () => {
  const command = new AbortController();
  const api = scriptedApi();
  const ended = withinLimit({ api, clock: new TestClock(), signal: command.signal }, 1000, (wait) =>
    wait(REF, () => undefined),
  );
  command.abort(new Error('interrupted'));
  await expect(ended).rejects.toThrow('interrupted');
});
