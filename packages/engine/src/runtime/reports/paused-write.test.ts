import { expect, test } from 'vitest';
import { graphOf } from '../../../test-support/compile-graph.ts';
import { decide, putInstance, settle } from '../../../test-support/direct-loop.ts';
import { FakeCluster } from '../../../test-support/fake-cluster.ts';
import type { KubeObject } from '@typekro/kit/core';
import { pausedWrite } from './paused-write.ts';

const target = {
  type: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  namespace: 'ns',
  name: 'a',
};
const failure = { code: 403, reason: 'Forbidden', message: 'exceeded quota' };

test.each([
  ['the same content for the same object', { digest: 'd', uid: 'one' }, { digest: 'd', uid: 'one' }, 999, true],
  [
    'the same content after the end of the pause',
    { digest: 'd', uid: 'one' },
    { digest: 'd', uid: 'one' },
    1000,
    false,
  ],
  ['other content for the same object', { digest: 'd', uid: 'one' }, { digest: 'e', uid: 'one' }, 999, false],
  ['the creation of a deleted object', { digest: 'd', uid: 'one' }, { digest: 'd', uid: undefined }, 999, false],
  ['another object with the same name', { digest: 'd', uid: 'one' }, { digest: 'd', uid: 'two' }, 999, false],
  ['a creation that was refused', { digest: 'd', uid: undefined }, { digest: 'd', uid: undefined }, 999, true],
  ['an object that another client created', { digest: 'd', uid: undefined }, { digest: 'd', uid: 'two' }, 999, false],
  ['a deletion that was refused', { digest: '', uid: 'one' }, { digest: '', uid: 'one' }, 999, true],
  [
    'a deletion of another object with the same name',
    { digest: '', uid: 'one' },
    { digest: '', uid: 'two' },
    999,
    false,
  ],
  ['a deletion after a refused change', { digest: 'd', uid: 'one' }, { digest: '', uid: 'one' }, 999, false],
])('the pause after a refused write affects only the same write: %s', (_name, refused, attempt, now, paused) => {
  const failed = { ...refused, failure, retryAt: 1000 };
  expect(pausedWrite({ failedWrite: () => failed }, target, attempt, now)).toBe(paused ? failed : undefined);
  expect(pausedWrite({ failedWrite: () => undefined }, target, attempt, now)).toBeUndefined();
});

const missing = { code: 404, reason: 'NotFound', message: 'namespaces "ns" not found' };
const terminating = {
  code: 403,
  reason: 'Forbidden',
  message: 'configmaps "a" is forbidden: unable to create new content in namespace ns because it is being terminated',
};

test.each([
  ['a namespace that is not observed', missing, undefined, undefined, true],
  ['a namespace that has appeared', missing, undefined, 'n1', false],
  ['the namespace that was observed when the write failed', missing, 'n1', 'n1', true],
  ['the successor of a deleted namespace', terminating, 'n1', 'n2', false],
  ['the namespace that is being deleted', terminating, 'n1', 'n1', true],
  ['a refusal with another reason', failure, undefined, 'n1', true],
  ['another object that is missing', { ...missing, message: 'configmaps "ns" not found' }, undefined, 'n1', true],
])('only a changed namespace ends the pause after a failed creation: %s', (_name, cause, before, now, paused) => {
  const failed = {
    digest: 'd',
    uid: undefined,
    failure: cause,
    retryAt: 1000,
    ...(before === undefined ? {} : { namespaceUid: before }),
  };
  const observed = { failedWrite: () => failed, namespaceUid: () => now };
  expect(pausedWrite(observed, target, { digest: 'd', uid: undefined }, 0)).toBe(paused ? failed : undefined);
});

test('after the deletion of an object, the pause of its refused change does not delay its creation, which has its own pause', () => {
  const graph = graphOf(`
schema: {spec: {k: string}}
resources:
  - id: base
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: base}, data: {k: "\${schema.spec.k}"}}
`);
  const cluster = new FakeCluster();
  const key = putInstance(graph, cluster, 'a', { k: 'v' });
  settle(graph, key, cluster);
  cluster.refuse.set('ConfigMap/ns/base', failure);
  cluster.edit(key, (object) => void (object.spec = { k: 'w' }));
  settle(graph, key, cluster);
  const next = () => decide(graph, cluster.get(key) as KubeObject, cluster);
  expect(next().apply).toEqual([]);
  cluster.remove('ConfigMap/ns/base');
  expect(next().apply.map(({ nodeId, why }) => [nodeId, why])).toEqual([['base', 'create']]);
  settle(graph, key, cluster);
  expect(next()).toMatchObject({ apply: [], requeueAt: Date.parse('2026-11-01T00:00:01Z') });
});
