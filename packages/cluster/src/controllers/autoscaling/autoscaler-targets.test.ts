import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { Collection, StoreEvent } from '../../store/store.ts';
import type { ControllerClient } from '../controller-client.ts';
import { autoscalerController } from './autoscaler.ts';
import { ScaleTargets } from './autoscaler-targets.ts';
import { isScaled, scaledSizes } from './scaled-sizes.ts';

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
