import { expect, test } from 'vitest';
import type { KubeObject } from '../../core/index.ts';
import { surgePlan } from './daemon-surge.ts';

/**
 * A pod whose name is the text: `a:old+` is an old, available pod on node a, and `a:new-` is a new pod that is not
 * available.
 */
const pod = (text: string): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: text } });
const textOf = ({ metadata }: KubeObject) => metadata.name ?? '';
const isUp = (object: KubeObject) => textOf(object).endsWith('+');

test.each<[string, string, string, number, string, string]>([
  ['makes a pod where there is none', 'a b', 'a:new+', 1, '', 'b'],
  ['makes a pod beside an old one', 'a', 'a:old+', 1, '', 'a'],
  ['makes so many as may surge', 'a b c', 'a:old+ b:old+ c:old+', 2, '', 'a b'],
  ['waits for those that surge', 'a b', 'a:old+ a:new- b:old+', 1, '', ''],
  ['lets the old pod go when the new one is available', 'a b', 'a:old+ a:new+ b:old+', 1, 'a:old+', 'b'],
  ['replaces an old pod that is not available at no cost', 'a b', 'a:old- b:old+', 1, '', 'a b'],
  ['lets an old pod go that is not ready', 'a', 'a:old- a:new-', 1, 'a:old-', ''],
  ['takes away the pods of a node that is no longer wanted', 'a', 'a:new+ b:old+', 1, 'b:old+', ''],
  ['keeps the oldest pod of each kind', 'a', 'a:new- a:old+ a:new+ a:old-', 1, 'a:new+ a:old-', ''],
  ['has nothing to do when all are new', 'a b', 'a:new+ b:new-', 1, '', ''],
])('a surge %s', (_, nodes, pods, maxSurge, remove, create) => {
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  const plan = surgePlan({
    nodes: words(nodes),
    pods: words(pods).map(pod),
    maxSurge,
    nodeOf: (object) => textOf(object).slice(0, 1),
    isNew: (object) => textOf(object).includes('new'),
    isReady: isUp,
    isAvailable: isUp,
  });
  expect([plan.remove.map(textOf).join(' '), plan.create.join(' ')]).toEqual([remove, create]);
});
