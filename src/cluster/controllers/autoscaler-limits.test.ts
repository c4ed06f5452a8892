import { expect, test } from 'vitest';
import type { JsonObject } from '../../core/index.ts';
import type { ScaleHistory } from './autoscaler-limits.ts';
import { limitScale, withChange } from './autoscaler-limits.ts';

const NONE: ScaleHistory = { recommendations: [], changes: [] };
const pods = (value: number, periodSeconds: number) => ({ type: 'Pods', value, periodSeconds });
const percent = (value: number, periodSeconds: number) => ({ type: 'Percent', value, periodSeconds });

test.each<[string, JsonObject, number, number, number]>([
  ['a number without a behavior at most doubles', {}, 3, 20, 6],
  ['a small number without a behavior grows to four', {}, 1, 20, 4],
  ['a number without a behavior falls to any value', {}, 10, 1, 1],
  ['the default policies of a behavior add four pods', { scaleDown: {} }, 1, 20, 5],
  ['the widest policy counts', { scaleUp: { policies: [pods(1, 15), percent(50, 15)] } }, 10, 20, 15],
  [
    'with Min, the narrowest policy counts',
    { scaleUp: { selectPolicy: 'Min', policies: [pods(1, 15), percent(50, 15)] } },
    10,
    20,
    11,
  ],
  ['a disabled direction keeps the number', { scaleUp: { selectPolicy: 'Disabled' } }, 10, 20, 10],
  ['a policy bounds the way down', { scaleDown: { policies: [percent(20, 60)] } }, 10, 1, 8],
])('%s', (_, behavior, current, wanted, expected) => {
  expect(limitScale(behavior, { current, wanted, now: 0 }, NONE).replicas).toBe(expected);
});

test('a change within the period of a policy counts', () => {
  const history = withChange(NONE, 1000, 2);
  const behavior = { scaleUp: { policies: [pods(3, 15)] } };
  expect(limitScale(behavior, { current: 4, wanted: 20, now: 15_000 }, history).replicas).toBe(5);
  expect(limitScale(behavior, { current: 4, wanted: 20, now: 16_000 }, history).replicas).toBe(7);
});

test('a number falls only to the highest recommendation of the last five minutes', () => {
  const { history } = limitScale({}, { current: 8, wanted: 8, now: 0 }, NONE);
  expect(limitScale({}, { current: 8, wanted: 2, now: 299_000 }, history).replicas).toBe(8);
  expect(limitScale({}, { current: 8, wanted: 2, now: 300_000 }, history).replicas).toBe(2);
});
