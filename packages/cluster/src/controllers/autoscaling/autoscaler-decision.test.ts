import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Collection, StoreEvent } from '../../store/store.ts';
import type { ControllerClient } from '../controller-client.ts';
import { type AutoscalerFacts, decideScale } from './autoscaler-decision.ts';
import type { MeasuredPod } from './autoscaler-metrics.ts';
import { type ScaleHistory, initialHistory, limitScale, withChange } from './autoscaler-limits.ts';
import { autoscalerController } from './autoscaler.ts';
import { ScaleTargets } from './autoscaler-targets.ts';
import { isScaled, scaledSizes } from './scaled-sizes.ts';

const CPU: JsonObject = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '100m' } },
};
const HITS: JsonObject = { type: 'Pods', pods: { metric: { name: 'hits' }, target: { averageValue: '1' } } };

const pod = (index: number, cpu: string): MeasuredPod => {
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const object: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${index}` }, status };
  return { pod: object, metrics: { containers: [{ name: 'c', usage: { cpu } }] } };
};
const podsWith = (...uses: readonly string[]): MeasuredPod[] => uses.map((use, index) => pod(index, use));

const facts = (given: Partial<AutoscalerFacts>): AutoscalerFacts => ({
  namespace: 'default',
  behavior: {},
  metrics: [CPU],
  minimum: 1,
  maximum: 10,
  current: 2,
  pods: [],
  history: { recommendations: [], changes: [] },
  now: 0,
  ...given,
});

test.each<[string, Partial<AutoscalerFacts>, { replicas: number; reason: string } | undefined, string[]]>([
  ['a target without replicas is disabled', { current: 0 }, undefined, ['ScalingDisabled']],
  [
    'a current number above the maximum',
    { current: 11 },
    { replicas: 10, reason: 'Current number of replicas above Spec.MaxReplicas' },
    [],
  ],
  [
    'a current number below the minimum',
    { current: 1, minimum: 2 },
    { replicas: 2, reason: 'Current number of replicas below Spec.MinReplicas' },
    [],
  ],
  ['a target without a selector', { pods: undefined }, undefined, ['InvalidSelector']],
  ['a target without pods', { pods: [] }, undefined, ['FailedGetResourceMetric']],
  [
    'a usage at the target',
    { pods: podsWith('100m', '100m') },
    undefined,
    ['ValidMetricFound', 'ReadyForNewScale', 'DesiredWithinRange'],
  ],
  [
    'a usage above the target',
    { pods: podsWith('150m', '150m') },
    { replicas: 3, reason: 'cpu resource above target' },
    ['ValidMetricFound', 'ReadyForNewScale', 'DesiredWithinRange'],
  ],
  [
    'a usage below the target',
    { pods: podsWith('10m', '10m') },
    { replicas: 1, reason: 'All metrics below target' },
    ['ValidMetricFound', 'ReadyForNewScale', 'DesiredWithinRange'],
  ],
  [
    'an increase in spite of an invalid metric',
    { metrics: [HITS, CPU], pods: podsWith('150m', '150m') },
    { replicas: 3, reason: 'cpu resource above target' },
    ['ValidMetricFound', 'ReadyForNewScale', 'DesiredWithinRange'],
  ],
  [
    'no decrease because of an invalid metric',
    { metrics: [HITS, CPU], pods: podsWith('10m', '10m') },
    undefined,
    ['FailedGetPodsMetric'],
  ],
])('decideScale returns the expected decision: %s', (_, given, rescale, reasons) => {
  const decision = decideScale(facts(given));
  expect(decision.rescale).toEqual(rescale);
  expect(decision.conditions.map(({ reason }) => reason)).toEqual(reasons);
});

test('an invalid metric causes warnings, and has an empty entry in the list of current metrics', () => {
  const decision = decideScale(facts({ metrics: [HITS, CPU], pods: podsWith('10m', '10m') }));
  const problem =
    'unable to get metric hits: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';
  expect(decision).toMatchObject({
    isFailed: true,
    warnings: [
      { reason: 'FailedGetPodsMetric', message: problem },
      {
        reason: 'FailedComputeMetricsReplicas',
        message: `invalid metrics (1 invalid out of 2), first error is: failed to get pods metric value: ${problem}`,
      },
    ],
    currentMetrics: [{ type: '' }, { type: 'Resource', resource: { name: 'cpu', current: { averageValue: '10m' } } }],
  });
});

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

const object = (kind: string, name: string, namespace = 'n'): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, namespace },
});
const autoscaler = (name: string, kind: string, target: string): KubeObject => ({
  ...object('HorizontalPodAutoscaler', name),
  spec: { scaleTargetRef: { kind, name: target } },
});

test('autoscalersOf finds the autoscalers that name the kind, namespace and name of an object', () => {
  const targets = new ScaleTargets();
  targets.take('n/a', autoscaler('a', 'Deployment', 'd'));
  targets.take('n/b', autoscaler('b', 'Deployment', 'd'));
  targets.take('n/c', autoscaler('c', 'StatefulSet', 'd'));
  const found = (...args: Parameters<typeof object>) => [...targets.autoscalersOf(object(...args))];
  expect(found('Deployment', 'd')).toEqual(['n/a', 'n/b']);
  expect(found('StatefulSet', 'd')).toEqual(['n/c']);
  expect([found('Deployment', 'e'), found('Deployment', 'd', 'm'), found('Pod', 'd')]).toEqual([[], [], []]);
  targets.take('n/a', autoscaler('a', 'Deployment', 'e'));
  targets.take('n/b', undefined);
  expect([found('Deployment', 'd'), found('Deployment', 'e')]).toEqual([[], ['n/a']]);
  for (const key of ['n/a', 'n/c', 'n/x']) targets.take(key, undefined);
  expect(targets.size).toBe(0);
});

test('the controller finds the autoscalers that an event concerns without a read of the store; after a reset, it finds none', () => {
  const reads: string[] = [];
  const read = (name: string) => () => {
    reads.push(name);
    return [];
  };
  const client = { list: read('list'), get: read('get'), isEmpty: () => false } as unknown as ControllerClient;
  const controller = autoscalerController();
  const keysOf = (collection: Pick<Collection, 'group' | 'plural'>, subject: KubeObject) => {
    const stored = { key: `n/${subject.metadata.name}`, object: subject };
    return [...controller.keysOf({ type: 'MODIFIED', collection, stored } as StoreEvent, client)];
  };
  const autoscalers = { group: 'autoscaling', plural: 'horizontalpodautoscalers' };
  expect(keysOf(autoscalers, autoscaler('a', 'Deployment', 'd'))).toEqual(['n/a']);
  expect(keysOf({ group: '', plural: 'pods' }, object('Pod', 'd'))).toEqual([]);
  expect(keysOf({ group: 'apps', plural: 'deployments' }, object('Deployment', 'd'))).toEqual(['n/a']);
  expect(reads).toEqual([]);
  controller.reset?.();
  expect(keysOf({ group: 'apps', plural: 'deployments' }, object('Deployment', 'd'))).toEqual([]);
});

const deployment = (replicas: number, strategy: object = { rollingUpdate: { maxSurge: 3 } }): KubeObject =>
  ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas, strategy } }) as KubeObject;

/** Returns a ReplicaSet whose name is the day of its creation. */
const set = (day: string, replicas: number, desired?: number, maximum?: number, available = 0): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: day,
    creationTimestamp: `2026-01-0${day}T00:00:00Z`,
    annotations: {
      ...(desired === undefined ? {} : { 'deployment.kubernetes.io/desired-replicas': String(desired) }),
      ...(maximum === undefined ? {} : { 'deployment.kubernetes.io/max-replicas': String(maximum) }),
    },
  },
  spec: { replicas },
  status: { availableReplicas: available },
});

describe('the sizes after a change of the number of replicas', () => {
  test.each<[string, KubeObject, KubeObject | undefined, KubeObject[], Record<string, number>]>([
    ['without a set', deployment(3), undefined, [], {}],
    ['with one set', deployment(3), undefined, [set('1', 1, 1), set('2', 0)], { 1: 3 }],
    [
      'with only empty sets, and no set of the present template',
      deployment(3),
      undefined,
      [set('1', 0), set('2', 0)],
      { 2: 3 },
    ],
    ['with only empty sets', deployment(3), set('1', 0), [set('2', 0)], { 1: 3 }],
    ['with a saturated new set', deployment(3), set('2', 3, 3, 6, 3), [set('1', 2, 3, 6)], { 1: 0, 2: 3 }],
    ['up, in proportion', deployment(30), set('2', 5, 10, 13), [set('1', 8, 10, 13)], { 1: 20, 2: 13 }],
    ['up, equally for two equal sets', deployment(7), set('2', 4, 5, 8), [set('1', 4, 5, 8)], { 1: 5, 2: 5 }],
    ['down, in proportion', deployment(4), set('2', 5, 10, 13), [set('1', 8, 10, 13)], { 1: 4, 2: 3 }],
    ['down to zero', deployment(0), set('2', 5, 10, 13), [set('1', 8, 10, 13)], { 1: 0, 2: 0 }],
    ['with Recreate', deployment(9, { type: 'Recreate' }), set('2', 1, 3), [set('1', 2, 3)], { 1: 2, 2: 1 }],
    ['when nothing is missing', deployment(10), set('2', 5, 9, 12), [set('1', 8, 9, 12)], { 1: 8, 2: 5 }],
    ['without annotations', deployment(30), set('2', 5), [set('1', 8)], { 1: 28, 2: 5 }],
  ])('%s', (_title, target, current, old, expected) => {
    const sets = [...(current === undefined ? [] : [current]), ...old];
    const sizes = [...scaledSizes(target, current, sets)].map(([{ metadata }, size]) => [metadata.name, size]);
    expect(Object.fromEntries(sizes)).toEqual(expected);
  });

  test.each([
    ['an equal number in the annotations', [set('1', 3, 3)], false],
    ['another number in the annotations', [set('1', 3, 2)], true],
    ['another number in the annotations of an empty set', [set('1', 0, 2)], false],
    ['no annotation', [set('1', 2)], false],
  ])('%s (sets %j) means that the number of replicas has changed: %s', (_title, sets, expected) => {
    expect(isScaled(deployment(3), sets)).toBe(expected);
  });
});
