import { expect, test } from 'vitest';
import { TestClock } from '../test-support/test-clock.ts';
import type { WatchEvent } from './index.ts';
import { KubeError } from './index.ts';
import type { WatchEffects } from './watch.ts';
import { runWatch } from './watch.ts';

const type = { apiVersion: 'v1', kind: 'ConfigMap' };
const object = { ...type, metadata: { name: 'a', resourceVersion: '1' } };
const unavailable = new KubeError('no endpoints', { status: 503, reason: 'ServiceUnavailable' });

test.each<[WatchEvent['type'], WatchEffects['list']]>([
  ['ADDED', () => Promise.resolve({ items: [object, object], resourceVersion: '1' })],
  ['SYNCED', () => Promise.resolve({ items: [], resourceVersion: '1' })],
  ['ERROR', () => Promise.reject(unavailable)],
])('a watch ends at once when its signal aborts while the consumer handles %s', async (last, list) => {
  const controller = new AbortController();
  const opened: (string | undefined)[] = [];
  const clock = new TestClock();
  const effects: WatchEffects = {
    list,
    version: () => Promise.resolve('1'),
    open(version) {
      opened.push(version);
      return new Promise(() => {});
    },
    type,
    clock,
    random: () => 0.5,
    idleTimeoutMs: 1000,
  };
  const events: string[] = [];
  for await (const event of runWatch(effects, { streamsLists: false, signal: controller.signal })) {
    events.push(event.type);
    if (event.type === last) controller.abort();
  }
  expect(events.filter((each) => each === last)).toHaveLength(1);
  expect(events.at(-1)).toBe(last);
  expect(opened).toEqual([]);
  expect(clock.timers).toBe(0);
});
