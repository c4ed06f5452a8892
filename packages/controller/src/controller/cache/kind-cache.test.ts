import { describe, expect, it, test, vi } from 'vitest';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import type { KubeObject } from '@typekro/kit/core';
import type { WatchEvent } from '@typekro/kube';
import type { Graph } from '@typekro/engine/graph';
import type { ObjectType } from '@typekro/engine/runtime';
import { CacheSet } from './cache-set.ts';

const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

const withVersion = (version: string | undefined, text: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'n', uid: 'u', ...(version === undefined ? {} : { resourceVersion: version }) },
  data: { text },
});

test.each<[string, string | undefined, string | undefined]>([
  ['no versions', undefined, undefined],
  ['versions that are not numbers', 'z9', 'a1'],
])('for objects with %s, a second list does not count as a restore of the server', async (_title, first, second) => {
  const api = scriptedApi();
  const none = () => undefined;
  const onWentBack = vi.fn();
  const caches = new CacheSet({ client: api, clock: new TestClock(), onWake: none, onChildChange: none, onWentBack });
  caches.keep(type, [['data', 'text']]);
  caches.setInterest('reader', [{ kind: 'object', nodeId: 'a', target: { type, namespace: 'n', name: 'a' } }]);
  const [watch] = api.watches;
  const listOf = (object: KubeObject): WatchEvent[] => [
    { type: 'RESTARTED' },
    { type: 'ADDED', object },
    { type: 'SYNCED', resourceVersion: '' },
  ];
  const text = () => caches.peek(type)?.get('n/a')?.object['data'];
  await watch?.push(...listOf(withVersion(first, 'one')));
  await watch?.push({ type: 'MODIFIED', object: withVersion(second, 'two') });
  expect(text()).toEqual({ text: 'two' });
  await watch?.push(...listOf(withVersion(first, 'three')));
  expect(text()).toEqual({ text: 'three' });
  expect(onWentBack).not.toHaveBeenCalled();
  await caches.close();
});

describe('foreign objects', () => {
  const type: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
  const PART_OF = 'applyset.kubernetes.io/part-of';
  const identity = { name: 'foreign', namespace: 'n', uid: 'uid-foreign', resourceVersion: '2' };
  /** An object that belongs to another owner, and that no graph names. */
  const foreign: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...identity, labels: { app: 'other', [PART_OF]: 'x' } },
    data: { read: 'a', unread: 'b' },
  };

  it.each<[string, string[][], unknown]>([
    ['no field', [], undefined],
    ['one field', [['data', 'read']], { read: 'a' }],
  ])(
    'the cache has only the identity of a foreign object, its ApplySet label, and the fields that graphs read in objects of its kind: a graph reads %s',
    async (_, paths, data) => {
      const api = scriptedApi();
      const none = () => undefined;
      const clock = new TestClock();
      const caches = new CacheSet({ client: api, clock, onWake: none, onChildChange: none, onWentBack: none });
      const node = { id: 'a', nodeType: 'resource', type, plural: type.plural, namespaced: type.namespaced };
      caches.keepGraph({ reads: new Map([['a', paths]]), nodes: new Map([['a', node]]) } as unknown as Graph);
      caches.setInterest('i1', [{ kind: 'object', nodeId: 'a', target: { type, namespace: 'n', name: 'own' } }]);
      // The watch has no namespace, although its only subscriber reads one object of one namespace.
      expect(api.watches.map(({ namespace }) => namespace)).toEqual([undefined]);
      await api.watches[0]?.push({ type: 'RESTARTED' }, { type: 'ADDED', object: foreign });
      await api.watches[0]?.push({ type: 'SYNCED', resourceVersion: '2' });
      const held = caches.peek(type)?.get('n/foreign')?.object;
      expect(held?.metadata).toEqual({ ...identity, labels: { [PART_OF]: 'x' } });
      expect(held?.['data']).toEqual(data);
      await caches.close();
    },
  );
});
