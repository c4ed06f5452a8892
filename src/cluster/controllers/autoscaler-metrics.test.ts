import { expect, test } from 'vitest';
import type { JsonObject } from '../../core/index.ts';
import type { MeasuredPod } from './autoscaler-metrics.ts';
import { replicasFor } from './autoscaler-metrics.ts';

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
  ['a low usage lowers the number', utilization(50), [{ use: '10m' }, { use: '10m' }], 1],
  ['an average value is compared with the average usage', value('cpu', '50m'), [{ use: '150m' }, { use: '50m' }], 4],
  ['memory counts for pods that are not ready, too', value('memory', '25Mi'), [{ use: '1m', ready: false }], 2],
  ['a pod without metrics counts as idle when the number grows', utilization(50), [{ use: '200m' }, {}], 4],
  ['a pod without metrics counts as busy when the number falls', utilization(50), [{ use: '1m' }, {}], 2],
  [
    'a pod that is not ready counts as idle when the number grows',
    utilization(50),
    [{ use: '200m' }, { use: '1m', ready: false }],
    4,
  ],
])('a metric of an autoscaler: %s', (_, metric, given, replicas) => {
  expect(
    replicasFor(
      metric,
      given.length,
      given.map((each, index) => pod(index, each)),
    ),
  ).toMatchObject({ replicas });
});

test.each<[string, JsonObject, readonly Given[], string]>([
  [
    'a pod has no request',
    utilization(50),
    [{ use: '1m', request: '' }],
    'missing request for cpu in container c of Pod p0',
  ],
  ['no pod has metrics', utilization(50), [{}], 'no metrics returned from resource metrics API'],
  ['the type is not known', { type: 'External' }, [{ use: '1m' }], 'unable to get metrics of type External'],
])('a metric has a reason instead of a number when %s', (_, metric, given, message) => {
  const result = replicasFor(
    metric,
    given.length,
    given.map((each, index) => pod(index, each)),
  );
  expect('message' in result ? result.message : '').toContain(message);
});

test('a metric reports the current usage', () => {
  expect(replicasFor(utilization(50), 1, [pod(0, { use: '54m' })])).toMatchObject({
    status: { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 54, averageValue: '54m' } } },
  });
});
