import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { WaitingPods } from './waiting-pods.ts';

const pod = (message: string, more: JsonObject = {}, metadata: KubeObject['metadata'] = {}): KubeObject => {
  const { nominatedNodeName, ...spec } = more;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', ...metadata },
    spec: { containers: [{ name: 'c' }], ...spec },
    status: {
      ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
    },
  };
};
const firstsOf = (waiting: WaitingPods, node = 'n') => [...waiting.firstsOn(node)].map(({ key }) => key);

test('only the first of several pods with equal requirements is tried, and the next pod follows when the first is bound', () => {
  const waiting = new WaitingPods();
  for (const key of ['a', 'b', 'c']) expect(waiting.take(key, pod('full'))).toBeUndefined();
  waiting.take('d', pod('full', { priority: 5 }));
  expect(firstsOf(waiting)).toEqual(['d', 'a']);
  expect(waiting.take('a', { ...pod('full'), spec: { nodeName: 'n' } })).toBe('b');
  expect(waiting.take('b', undefined)).toBe('c');
  expect(waiting.take('c', undefined)).toBeUndefined();
  expect(firstsOf(waiting)).toEqual(['d']);
});

test('a pod that cannot be scheduled for another reason than before keeps its position in its group', () => {
  const waiting = new WaitingPods();
  for (const key of ['a', 'b']) waiting.take(key, pod('full'));
  expect(waiting.take('a', pod('cordoned'))).toBeUndefined();
  expect(firstsOf(waiting)).toEqual(['a']);
  expect(waiting.take('a', { ...pod('full'), spec: { nodeName: 'n' } })).toBe('b');
});

test('a pod that is restricted to some nodes is tried only on these nodes, in the order of priorities', () => {
  const waiting = new WaitingPods();
  const only = (...values: readonly string[]): JsonObject => {
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: [...values] }];
    return {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
    };
  };
  waiting.take('any', pod('full', { priority: 5 }));
  waiting.take('n', pod('full', { affinity: only('n') }));
  waiting.take('m', pod('full', { priority: 9, affinity: only('m', 'n') }));
  for (const key of ['any2', 'any3']) waiting.take(key, pod('full', { priority: 5 }));
  expect([firstsOf(waiting, 'n'), firstsOf(waiting, 'm'), firstsOf(waiting, 'x')]).toEqual([
    ['m', 'any', 'n'],
    ['m', 'any'],
    ['any'],
  ]);
  expect([...waiting.keysOn('m')]).toEqual(['m', 'any', 'any2', 'any3']);
  waiting.take('m', undefined);
  expect([firstsOf(waiting, 'n'), firstsOf(waiting, 'm')]).toEqual([['any', 'n'], ['any']]);
  for (const key of ['n', 'any', 'any2', 'any3']) waiting.take(key, undefined);
  expect([firstsOf(waiting, 'n'), waiting.isEmpty]).toEqual([[], true]);
});

test.each<[string, KubeObject]>([
  ['a priority', pod('full', { priority: 1 })],
  ['a request', pod('full', { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] })],
  ['a port', pod('full', { containers: [{ name: 'c', ports: [{ hostPort: 1 }] }] })],
  ['a node selector', pod('full', { nodeSelector: { a: 'b' } })],
  ['an affinity', pod('full', { affinity: { nodeAffinity: {} } })],
  ['a toleration', pod('full', { tolerations: [{ operator: 'Exists' }] })],
  ['a preemption policy', pod('full', { preemptionPolicy: 'Never' })],
  ['a claim', pod('full', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] })],
  ['a nomination', pod('full', { nominatedNodeName: 'n' })],
  ['a simulation annotation', pod('full', {}, { annotations: { 'typekro.dev/simulate-hold': 'true' } })],
])('%s puts a pod into another group than a pod without it', (_, other) => {
  const waiting = new WaitingPods();
  waiting.take('a', pod('full'));
  waiting.take('b', other);
  expect(firstsOf(waiting).toSorted()).toEqual(['a', 'b']);
});

test('when a pod changes its requirements, the next pod of its old group becomes the first', () => {
  const waiting = new WaitingPods();
  for (const key of ['a', 'b']) waiting.take(key, pod('full'));
  expect(waiting.take('a', pod('full', { tolerations: [{ operator: 'Exists' }] }))).toBe('b');
  expect(firstsOf(waiting).toSorted()).toEqual(['a', 'b']);
});

test('a nomination lasts until the pod is bound', () => {
  const waiting = new WaitingPods();
  waiting.take('a', pod('full', { nominatedNodeName: 'n' }));
  expect([waiting.nominationOf('a'), waiting.nominated('n').length, waiting.nominated('m').length]).toEqual([
    'n',
    1,
    0,
  ]);
  waiting.take('a', { ...pod('full'), spec: { nodeName: 'n' } });
  expect([waiting.nominationOf('a'), waiting.nominated('n').length]).toEqual(['', 0]);
});

test.each<[string, KubeObject]>([
  ['that is being deleted', pod('full', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ['that the scheduler has not tried yet', { ...pod('full'), status: {} }],
])('a pod %s is not a waiting pod', (_, other) => {
  const waiting = new WaitingPods();
  waiting.take('a', other);
  expect(firstsOf(waiting)).toEqual([]);
});
