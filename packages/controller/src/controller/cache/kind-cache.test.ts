import { expect, test, vi } from 'vitest';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import type { KubeObject } from '@typekro/kit/core';
import type { WatchEvent } from '@typekro/kube';
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
