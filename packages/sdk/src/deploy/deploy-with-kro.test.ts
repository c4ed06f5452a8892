import { describe, expect, test } from 'vitest';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';
import type { JsonValue, KubeObject } from '@typekro/kit/core';
import type { RuntimeSettings } from '../factories/index.ts';
import { fluxManifests } from './flux-manifests.ts';
import type { KroContext } from './kro-context.ts';
import { waitForDeletion } from './kro-wait.ts';
import { changeOf, changedPaths } from './changed-fields.ts';

const SETTINGS: RuntimeSettings = {
  namespace: 'flux-system',
  fluxVersion: 'v2.7.5',
  kroVersion: '0.9.3',
  kroNamespace: 'kro',
  fluxInstallation: 'managed',
  rbac: 'cluster-admin',
  controller: 'kro',
};

test.each([
  ['/nowhere/flux.yaml', 'there is no such file or folder'],
  ['file:///nowhere/flux.yaml', 'there is no such file or folder'],
  ['file://server/flux.yaml', 'the URL does not name a file of this machine'],
  ['file:///nowhere%2Fflux.yaml', 'the URL does not name a file of this machine'],
])('manifests from %s are unreachable: %s', async (from, why) => {
  const { signal } = new AbortController();
  await expect(fluxManifests(from, SETTINGS, 'flux-system', signal)).rejects.toMatchObject({
    code: 'bootstrap/manifests-unreachable',
    message: expect.stringContaining(why) as string,
  });
});

const SINCE = '2026-01-01T00:00:00Z';

test.each([
  ['without finalizers', undefined, `it is being deleted (since ${SINCE})`],
  ['with finalizers', ['a/b', 'c/d'], `it is being deleted (since ${SINCE}), and held by a/b, c/d`],
])('the error after the timeout of a deletion describes an object %s', async (_title, finalizers, text) => {
  const leaving = {
    apiVersion: 'acme.test/v1',
    kind: 'Boat',
    metadata: { name: 'b', namespace: 'n', uid: 'u', deletionTimestamp: SINCE, ...(finalizers && { finalizers }) },
  };
  const timeout = AbortSignal.abort(new DOMException('the time is over', 'TimeoutError'));
  const context = { api: scriptedApi(), signal: timeout } as unknown as KroContext;
  await expect(waitForDeletion(context, leaving)).rejects.toMatchObject({ message: `Boat b still exists: ${text}` });
});

describe('the paths of differences', () => {
  test.each<[string, JsonValue | undefined, JsonValue | undefined, string[]]>([
    ['equal values', { a: 1 }, { a: 1 }, []],
    ['a nested field', { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, ['spec.replicas']],
    ['a new field', {}, { data: 'x' }, ['data']],
    ['a removed field', { data: 'x' }, {}, ['data']],
    ['an item', { c: [{ image: 'a' }] }, { c: [{ image: 'b' }] }, ['c[0].image']],
    ['a longer list', { c: [1] }, { c: [1, 2] }, ['c']],
    ['a key that is not a name', { l: { 'a.b/c': 1 } }, { l: { 'a.b/c': 2 } }, ['l["a.b/c"]']],
    ['a key with a dot', { l: { 'a.b': 1 } }, { l: { 'a.b': 2 } }, ['l["a.b"]']],
    ['null and an absent field', { a: null }, {}, ['a']],
    ['an object in place of a list', { a: [] }, { a: {} }, ['a']],
    ['inherited names', JSON.parse('{"__proto__":1}') as JsonValue, {}, ['__proto__']],
  ])('of %s: from %j to %j, they are %j', (_, before, after, paths) => {
    expect(changedPaths(before, after)).toEqual(paths);
  });
});

describe('the outcome of a write', () => {
  const map = (data: Record<string, string>, resourceVersion: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm', namespace: 'n', resourceVersion, managedFields: [] },
    data,
  });
  test.each([
    ['created', undefined, map({ a: '1' }, '1'), []],
    ['unchanged', map({ a: '1' }, '1'), map({ a: '1' }, '2'), []],
    ['configured', map({ a: '1' }, '1'), map({ a: '2' }, '2'), ['data.a']],
    ['adopted', map({ a: '1' }, '1'), map({ a: '2' }, '2'), ['data.a']],
  ] as const)('is %s', (outcome, before, after, fields) => {
    expect(changeOf('map', before, after, outcome === 'adopted' ? 'adopt' : 'change')).toEqual({
      outcome,
      nodeId: 'map',
      object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'm', namespace: 'n' },
      fields,
    });
  });
});
