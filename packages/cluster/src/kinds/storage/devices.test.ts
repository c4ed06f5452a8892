import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { deviceSliceStrategy } from './devices.ts';
import type { WriteContext } from '../strategy.ts';
import { Problems } from '../../errors/field-problems.ts';

/** The field and reason of each problem of a ResourceSlice with these device names. */
function problemsOf(names: readonly string[]) {
  const spec = {
    driver: 'gpu.example.com',
    pool: { name: 'pool', resourceSliceCount: 1, generation: 1 },
    nodeName: 'node',
    devices: names.map((name) => ({ name })),
  };
  const slice: KubeObject = { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: 's' }, spec };
  const problems = new Problems();
  deviceSliceStrategy.validate?.(slice, problems, {} as WriteContext);
  return problems.map(({ field, reason }) => `${field} ${reason}`);
}

test('each device that repeats the name of an earlier device is reported', () => {
  expect(problemsOf(['a', 'b', 'a', 'c', 'b', 'a'])).toEqual(
    [2, 4, 5].map((index) => `spec.devices[${index}].name FieldValueDuplicate`),
  );
});

test('the names of many devices are compared in linear time', { timeout: 10_000 }, () => {
  const names = Array.from({ length: 300_000 }, (_, index) => `d${index}`);
  expect(problemsOf(names)).toEqual(['spec.devices FieldValueTooMany']);
});
