import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import type { ScaleHistory } from './autoscaler-limits.ts';
import { initialHistory, limitScale, withChange } from './autoscaler-limits.ts';

const NONE: ScaleHistory = { recommendations: [], changes: [] };
const BOUNDS = { minimum: 1, maximum: 100 };
const pods = (value: number, periodSeconds: number) => ({ type: 'Pods', value, periodSeconds });
const percent = (value: number, periodSeconds: number) => ({ type: 'Percent', value, periodSeconds });

test.each<[string, JsonObject, number, number, number]>([
  ['without a behavior, the number at most doubles', {}, 3, 20, 6],
  ['without a behavior, a small number can grow to four', {}, 1, 20, 4],
  ['without a behavior, the number can decrease to any value', {}, 10, 1, 1],
  ['the default policies of a behavior add four pods', { scaleDown: {} }, 1, 20, 5],
  [
    'the policy that allows the largest change applies',
    { scaleUp: { policies: [pods(1, 15), percent(50, 15)] } },
    10,
    20,
    15,
  ],
  [
    'with Min, the most restrictive policy applies',
    { scaleUp: { selectPolicy: 'Min', policies: [pods(1, 15), percent(50, 15)] } },
    10,
    20,
    11,
  ],
  ['a disabled direction keeps the number', { scaleUp: { selectPolicy: 'Disabled' } }, 10, 20, 10],
  ['a decrease is bounded by a policy', { scaleDown: { policies: [percent(20, 60)] } }, 10, 1, 8],
])('%s', (_, behavior, current, wanted, expected) => {
  expect(limitScale(behavior, { current, wanted, now: 0, ...BOUNDS }, NONE).replicas).toBe(expected);
});

test('an earlier change counts towards the limit of a policy until the period of the policy is over', () => {
  const history = withChange(NONE, 1000, 2);
  const behavior = { scaleUp: { policies: [pods(3, 15)] } };
  expect(limitScale(behavior, { current: 4, wanted: 20, now: 15_000, ...BOUNDS }, history).replicas).toBe(5);
  expect(limitScale(behavior, { current: 4, wanted: 20, now: 16_000, ...BOUNDS }, history).replicas).toBe(7);
});

test('the number of replicas decreases only to the highest recommendation of the last five minutes', () => {
  const { history } = limitScale({}, { current: 8, wanted: 8, now: 0, ...BOUNDS }, NONE);
  expect(limitScale({}, { current: 8, wanted: 2, now: 299_000, ...BOUNDS }, history).replicas).toBe(8);
  expect(limitScale({}, { current: 8, wanted: 2, now: 300_000, ...BOUNDS }, history).replicas).toBe(2);
});

test.each<[string, JsonObject, { current: number; wanted: number; minimum?: number; maximum?: number }, string[]]>([
  ['a number within all limits', {}, { current: 3, wanted: 4 }, ['ReadyForNewScale', 'False DesiredWithinRange']],
  [
    'a number above the maximum',
    {},
    { current: 3, wanted: 6, maximum: 5 },
    ['ReadyForNewScale', 'True TooManyReplicas'],
  ],
  [
    'a number below the minimum',
    {},
    { current: 3, wanted: 1, minimum: 2 },
    ['ReadyForNewScale', 'True TooFewReplicas'],
  ],
  ['a number above the double', {}, { current: 3, wanted: 20 }, ['ReadyForNewScale', 'True ScaleUpLimit']],
  [
    'a number above the limit of a policy',
    { scaleDown: {} },
    { current: 3, wanted: 20 },
    ['ReadyForNewScale', 'True ScaleUpLimit'],
  ],
  [
    'a number below the limit of a policy',
    { scaleDown: { policies: [pods(1, 15)] } },
    { current: 9, wanted: 2 },
    ['ReadyForNewScale', 'True ScaleDownLimit'],
  ],
  [
    'a number below the minimum, with a behavior',
    { scaleUp: {} },
    { current: 9, wanted: 1, minimum: 2 },
    ['ReadyForNewScale', 'True TooFewReplicas'],
  ],
  [
    'a number above the maximum, with a behavior',
    { scaleUp: {} },
    { current: 3, wanted: 9, maximum: 4 },
    ['ReadyForNewScale', 'True TooManyReplicas'],
  ],
])('the conditions describe %s', (_, behavior, scale, expected) => {
  const { conditions } = limitScale(behavior, { ...BOUNDS, ...scale, now: 0 }, NONE);
  const [able, limited] = conditions;
  expect([able.reason, `${limited.status} ${limited.reason}`]).toEqual(expected);
});

test('the conditions name the window that delays a change', () => {
  const history = initialHistory(8, 0);
  const down = limitScale({}, { current: 8, wanted: 2, now: 1000, ...BOUNDS }, history);
  expect(down).toMatchObject({ replicas: 8, conditions: [{ reason: 'ScaleDownStabilized' }, { status: 'False' }] });
  const slow = { scaleUp: { stabilizationWindowSeconds: 60 } };
  const up = limitScale(slow, { current: 8, wanted: 12, now: 1000, ...BOUNDS }, history);
  expect(up).toMatchObject({
    replicas: 8,
    conditions: [
      {
        reason: 'ScaleUpStabilized',
        message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
      },
      { status: 'False', reason: 'DesiredWithinRange' },
    ],
  });
});

test('the limit of an increase is relative to the number of replicas before a decrease in the same period', () => {
  const history = withChange(NONE, 1000, -4);
  const behavior = { scaleUp: { policies: [pods(1, 15)] } };
  expect(limitScale(behavior, { current: 6, wanted: 20, now: 2000, ...BOUNDS }, history).replicas).toBe(11);
});
