import { expect, test } from 'vitest';
import type { JsonObject } from '../core/index.ts';
import { firstObserved, lastObserved } from './age.ts';

test.each<[string, JsonObject, first: string, last: string]>([
  ['of v1', { firstTimestamp: '1', lastTimestamp: '2', eventTime: null }, '1', '2'],
  ['of v1 with a series', { lastTimestamp: '2', eventTime: '1', series: { lastObservedTime: '3' } }, '1', '3'],
  ['of events.k8s.io', { eventTime: '1', deprecatedLastTimestamp: null }, '1', '1'],
  [
    'of events.k8s.io that was written through v1',
    { deprecatedFirstTimestamp: '1', deprecatedLastTimestamp: '2' },
    '1',
    '2',
  ],
  ['without times', { series: null }, '', ''],
])('the first and the last time are found in an Event %s', (_, event, first, last) => {
  expect([firstObserved(event), lastObserved(event)]).toEqual([first, last]);
});
