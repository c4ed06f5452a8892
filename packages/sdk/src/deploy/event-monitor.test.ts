import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { EventFilter, monitorEvents } from './event-monitor.ts';

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
