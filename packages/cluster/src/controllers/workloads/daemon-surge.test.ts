import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { surgePlan } from './daemon-surge.ts';

/**
 * Returns a pod whose name describes it: `a:old+` is an old, available pod on node a, and `a:new-` is a new pod that is
 * not available.
 */
const pod = (text: string): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: text } });
const textOf = ({ metadata }: KubeObject) => metadata.name ?? '';
const isUp = (object: KubeObject) => textOf(object).endsWith('+');

test.each<[string, string, string, number, string, string, string?]>([
  ['creates a pod on a node without one', 'a b', 'a:new+', 1, '', 'b'],
  ['creates a new pod next to an old pod', 'a', 'a:old+', 1, '', 'a'],
  ['creates at most maxSurge new pods', 'a b c', 'a:old+ b:old+ c:old+', 2, '', 'a b'],
  ['waits for new pods that are not available', 'a b', 'a:old+ a:new- b:old+', 1, '', ''],
  ['removes the old pod when the new one is available', 'a b', 'a:old+ a:new+ b:old+', 1, 'a:old+', 'b'],
  ['does not count the replacement of an unavailable old pod', 'a b', 'a:old- b:old+', 1, '', 'a b'],
  ['removes an old pod that is not ready', 'a', 'a:old- a:new-', 1, 'a:old-', ''],
  ['removes the pods of a node that the DaemonSet does not select', 'a', 'a:new+ b:old+', 1, 'b:old+', ''],
  ['keeps the oldest old pod and the oldest new pod', 'a', 'a:new- a:old+ a:new+ a:old-', 1, 'a:new+ a:old-', ''],
  ['does nothing when all pods are new', 'a b', 'a:new+ b:new-', 1, '', ''],
  ['creates no pod on a node that may only keep an existing pod', 'a', 'a:new+', 1, '', '', 'k'],
  [
    'removes the second pod of a node that may only keep an existing pod',
    'a',
    'a:new+ k:new+ k:new-',
    1,
    'k:new-',
    '',
    'k',
  ],
  ['removes an unavailable old pod without a successor', 'a', 'a:new- k:old-', 1, 'k:old-', '', 'k'],
  ['keeps an old pod while too few others are available', 'a', 'a:new- k:old+', 1, '', '', 'k'],
  ['removes an old pod when enough others are available', 'a', 'a:new+ k:old+', 1, 'k:old+', '', 'k'],
])('a surge %s', (_, nodes, pods, maxSurge, remove, create, keep = '') => {
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  const plan = surgePlan({
    nodes: words(nodes),
    keep: words(keep),
    pods: words(pods).map(pod),
    maxSurge,
    nodeOf: (object) => textOf(object).slice(0, 1),
    isNew: (object) => textOf(object).includes('new'),
    isReady: isUp,
    isAvailable: isUp,
  });
  expect([plan.remove.map(textOf).join(' '), plan.create.join(' ')]).toEqual([remove, create]);
});
