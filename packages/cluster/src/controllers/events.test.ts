import { expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import { EventLimits } from './controller-client.ts';

const MINUTE = 60_000;

test.each<[string, readonly number[], number]>([
  ['25 Events at once', Array.from({ length: 25 }, () => 0), 25],
  ['26 Events at once', Array.from({ length: 26 }, () => 0), 25],
  ['one more after five minutes', [...Array.from({ length: 30 }, () => 0), 5 * MINUTE, 5 * MINUTE], 26],
  ['none after less', [...Array.from({ length: 25 }, () => 0), 5 * MINUTE - 1], 25],
  ['one each five minutes, without an end', Array.from({ length: 60 }, (_, i) => i * 5 * MINUTE), 60],
  ['never more than 25 at once', [0, ...Array.from({ length: 40 }, () => 500 * MINUTE)], 26],
])('Events about one object: %s', (_, times, expected) => {
  const limits = new EventLimits();
  expect(times.filter((at) => limits.allows('kubelet', 'a', at))).toHaveLength(expected);
  expect(limits.allows('kubelet', 'b', times.at(-1) ?? 0)).toBe(true);
  expect(limits.allows('scheduler', 'a', times.at(-1) ?? 0)).toBe(true);
});

test('a pod with many containers starts with few Events', async () => {
  await using story = await startClusterStory({});
  const containers = Array.from({ length: 200 }, (_, index) => ({ name: `c${index}`, image: 'i' }));
  await story.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } });
  await story.cluster.idle();
  expect(await story.get('v1 Pod', 'p')).toMatchObject({ status: { phase: 'Running' } });
  const events = await story.list('v1 Event');
  const own = events.filter(({ source }) => (source as { component: string }).component === 'kubelet');
  expect(own.reduce((sum, { count }) => sum + Number(count), 0)).toBe(25);
});
