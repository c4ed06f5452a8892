import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { rolloutPlan } from './rollout-plan.ts';

const deployment = (
  replicas: number,
  strategy: object = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
): KubeObject =>
  ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas, strategy } }) as KubeObject;
const set = (name: string, replicas: number, availableReplicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name },
  spec: { replicas },
  status: { availableReplicas },
});
const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  type: 'RollingUpdate',
  rollingUpdate: { maxSurge, maxUnavailable },
});

describe('the next step of a rolling update', () => {
  test.each([
    ['the first ReplicaSet gets all replicas', deployment(3), undefined, [], 3, []],
    [
      '4 replicas: the first step adds one new pod and removes one old pod',
      deployment(4),
      set('n', 0, 0),
      [set('o', 4, 4)],
      1,
      [3],
    ],
    ['the surge is used up while new pods are not available', deployment(4), set('n', 2, 0), [set('o', 3, 3)], 2, [3]],
    ['old pods are removed when new pods are available', deployment(4), set('n', 2, 2), [set('o', 3, 3)], 2, [1]],
    ['old pods that are not available are removed first', deployment(4), set('n', 1, 1), [set('o', 4, 0)], 1, [2]],
    [
      'maxUnavailable 0: a new pod is added before an old pod is removed',
      deployment(2, rolling(1, 0)),
      set('n', 0, 0),
      [set('o', 2, 2)],
      1,
      [2],
    ],
    [
      'maxSurge 0 and maxUnavailable 0: one old pod is removed',
      deployment(2, rolling(0, 0)),
      set('n', 0, 0),
      [set('o', 2, 2)],
      0,
      [1],
    ],
    ['scaling down without a rollout', deployment(1), set('n', 5, 5), [], 1, []],
    ['zero replicas', deployment(0), set('n', 0, 0), [set('o', 2, 2)], 0, [0]],
  ] as const)('%s', (_why, target, current, old, newReplicas, oldReplicas) => {
    const sets = [...(current === undefined ? [] : [current]), ...old];
    const plan = rolloutPlan(target, current, sets, 0);
    expect(plan.newReplicas).toBe(newReplicas);
    expect(plan.old.map(({ replicas }) => replicas)).toEqual(oldReplicas);
    expect(plan.mayCreate).toBe(true);
  });
});

describe('a Recreate rollout', () => {
  const recreate = deployment(3, { type: 'Recreate' });
  test('removes the old pods and waits until they are deleted', () => {
    const plan = rolloutPlan(recreate, undefined, [set('o', 3, 3)], 3);
    expect(plan).toMatchObject({ mayCreate: false, newReplicas: 0, old: [{ replicas: 0 }] });
  });
  test('creates all new pods together after the old pods are deleted', () => {
    expect(rolloutPlan(recreate, undefined, [set('o', 0, 0)], 0)).toMatchObject({ mayCreate: true, newReplicas: 3 });
  });
});
