import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { AutoscalerFacts } from './autoscaler-decision.ts';
import { decideScale } from './autoscaler-decision.ts';
import type { MeasuredPod } from './autoscaler-metrics.ts';

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
