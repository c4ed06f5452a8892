import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { type MeasuredPod, type MeasuredTarget, replicasFor, tolerancesOf } from './autoscaler-metrics.ts';

interface Given {
  readonly use?: string;
  readonly ready?: boolean;
  readonly request?: string;
}

function pod(index: number, { use, ready = true, request = '100m' }: Given): MeasuredPod {
  const resources = request === '' ? {} : { requests: { cpu: request, memory: '100Mi' } };
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `p${index}` },
      spec: { containers: [{ name: 'c', image: 'i', resources }] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
    },
    metrics: use === undefined ? undefined : { containers: [{ name: 'c', usage: { cpu: use, memory: '50Mi' } }] },
  };
}

const targetOf = (given: readonly Given[], behavior: JsonObject = {}): MeasuredTarget => ({
  namespace: 'default',
  current: given.length,
  pods: given.map((each, index) => pod(index, each)),
  tolerances: tolerancesOf(behavior),
});

const utilization = (averageUtilization: number): JsonObject => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});
const value = (name: string, averageValue: string): JsonObject => ({
  type: 'Resource',
  resource: { name, target: { type: 'AverageValue', averageValue } },
});

test.each<[string, JsonObject, readonly Given[], number]>([
  ['a usage of twice the target doubles the number', utilization(50), [{ use: '100m' }, { use: '100m' }], 4],
  ['a usage within a tenth of the target keeps the number', utilization(50), [{ use: '54m' }, { use: '54m' }], 2],
  ['a low usage decreases the number', utilization(50), [{ use: '10m' }, { use: '10m' }], 1],
  ['an average value is compared with the average usage', value('cpu', '50m'), [{ use: '150m' }, { use: '50m' }], 4],
  ['memory is also counted for pods that are not ready', value('memory', '25Mi'), [{ use: '1m', ready: false }], 2],
  ['a pod without metrics counts as idle when the number grows', utilization(50), [{ use: '200m' }, {}], 4],
  ['a pod without metrics counts as busy when the number decreases', utilization(50), [{ use: '1m' }, {}], 2],
  [
    'a pod that is not ready counts as idle when the number grows',
    utilization(50),
    [{ use: '200m' }, { use: '1m', ready: false }],
    4,
  ],
])('replicasFor: %s', (_, metric, given, replicas) => {
  expect(replicasFor(metric, targetOf(given))).toMatchObject({ replicas });
});

const NO_CUSTOM =
  'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';
const NO_EXTERNAL =
  'unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue.external.metrics.k8s.io)';
const queue = (target: JsonObject, selector?: JsonObject): JsonObject => ({
  type: 'External',
  external: { metric: { name: 'queue', ...(selector === undefined ? {} : { selector }) }, target },
});
const ofIngress = (target: JsonObject): JsonObject => ({
  type: 'Object',
  object: { metric: { name: 'hits' }, describedObject: { kind: 'Ingress', name: 'front' }, target },
});

test.each<[string, JsonObject, readonly Given[], string]>([
  [
    'a pod has no request',
    utilization(50),
    [{ use: '1m', request: '' }],
    'failed to get cpu resource metric value: failed to get cpu utilization: missing request for cpu in container c of Pod p0',
  ],
  [
    'no pod has metrics',
    utilization(50),
    [{}],
    'failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
  ],
  [
    'no pod has metrics, and the target is an average value',
    value('memory', '1Mi'),
    [],
    'failed to get memory resource metric value: failed to get memory usage: unable to get metrics for resource memory: no metrics returned from resource metrics API',
  ],
  [
    'no pod is ready',
    utilization(50),
    [{ use: '1m', ready: false }],
    'failed to get cpu resource metric value: failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)',
  ],
  [
    'the container has no metrics',
    { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'x', target: { averageValue: '1' } } },
    [{ use: '1m' }],
    'failed to get x container metric value: failed to get cpu usage: did not receive metrics for targeted pods (pods might be unready)',
  ],
  [
    'the metric target has no number',
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } },
    [{ use: '1m' }],
    'failed to get cpu resource metric value: invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
  ],
  [
    'the metric has the type Pods',
    { type: 'Pods', pods: { metric: { name: 'hits' }, target: { averageValue: '1' } } },
    [{ use: '1m' }],
    `failed to get pods metric value: unable to get metric hits: ${NO_CUSTOM}`,
  ],
  [
    'the metric is the value of an object',
    ofIngress({ type: 'Value', value: '1' }),
    [{ use: '1m' }],
    `failed to get object metric value: unable to get metric hits: Ingress on default front/${NO_CUSTOM}`,
  ],
  [
    'the metric is an average value of an object',
    ofIngress({ type: 'AverageValue', averageValue: '1' }),
    [{ use: '1m' }],
    `failed to get object metric value: failed to get hits object metric: unable to get metric hits: Ingress on default front/${NO_CUSTOM}`,
  ],
  [
    'the metric is an external value',
    queue({ type: 'Value', value: '1' }),
    [{ use: '1m' }],
    `failed to get queue external metric value: failed to get external metric queue: unable to get external metric default/queue/nil: ${NO_EXTERNAL}`,
  ],
  [
    'the metric is an external average value with a selector',
    queue(
      { type: 'AverageValue', averageValue: '1' },
      { matchLabels: { b: '2', a: '1' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['x', 'y'] }] },
    ),
    [{ use: '1m' }],
    `failed to get queue external metric value: failed to get queue external metric: unable to get external metric default/queue/&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:c,Operator:In,Values:[x y],},},}: ${NO_EXTERNAL}`,
  ],
])('replicasFor returns a reason instead of a number when %s', (_, metric, given, message) => {
  const result = replicasFor(metric, targetOf(given));
  expect('error' in result ? result.error : '').toBe(message);
});

test('a metric reports the current usage', () => {
  expect(replicasFor(utilization(50), targetOf([{ use: '54m' }]))).toMatchObject({
    status: { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 54, averageValue: '54m' } } },
  });
});

test.each<[string, JsonObject, string, number]>([
  ['a larger tolerance keeps the number', { scaleUp: { tolerance: '0.5' } }, '70m', 2],
  ['a smaller tolerance changes the number', { scaleUp: { tolerance: '0.01' } }, '52m', 3],
  ['the tolerance of the other direction is ignored', { scaleDown: { tolerance: '0.5' } }, '70m', 3],
  ['a tolerance for scaling down keeps the number', { scaleDown: { tolerance: '0.7' } }, '20m', 2],
])('the tolerance of a behavior: %s', (_, behavior, use, replicas) => {
  expect(replicasFor(utilization(50), targetOf([{ use }, { use }], behavior))).toMatchObject({ replicas });
});
