import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { Collection, StoreEvent } from '../../store/store.ts';
import { autoscalerController } from './autoscaler.ts';
import { ScaleTargets } from './autoscaler-targets.ts';
import type { ControllerClient } from '../controller-client.ts';

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
