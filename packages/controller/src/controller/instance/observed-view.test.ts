import { expect, test } from 'vitest';
import type { ObjectTarget, ObjectType, Targets } from '@typekro/engine/runtime';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { CacheSet } from '../cache/cache-set.ts';
import { Contests } from '../drift/contests.ts';
import { ObservedView } from './observed-view.ts';
import { newRecord } from './record.ts';
import { UnwatchedObjects } from './unwatched-objects.ts';

const type: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/**
 * Makes the view of a Graph whose nodes do not have the kind `type`. Objects of this kind are read by single requests.
 */
function viewWithoutCache() {
  const none = () => undefined;
  const client = scriptedApi();
  const caches = new CacheSet({ client, clock: new TestClock(), onWake: none, onChildChange: none, onWentBack: none });
  const unwatched = new UnwatchedObjects();
  const record = newRecord('a', 'a', 'd', caches);
  record.unwatched = unwatched;
  return { view: new ObservedView({ client, caches, contests: new Contests() }, record, 0, () => 0), unwatched };
}

test('for a kind without a cache, the view returns the object and the list that the pass has read', () => {
  const { view, unwatched } = viewWithoutCache();
  const object = { type, name: 'm', namespace: 'n' } as ObjectTarget;
  const list: Targets.ListTarget = { type, namespace: 'n', selector: '' };
  expect([view.object(object).state, view.list(list).state]).toEqual(['unknown', 'unknown']);
  unwatched.read(object, undefined);
  unwatched.readList(list, [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace: 'n', uid: 'u' } },
  ]);
  expect(view.object(object)).toEqual({ state: 'absent' });
  expect(view.list(list)).toMatchObject({ state: 'known', objects: [{ object: { metadata: { name: 'm' } } }] });
});
