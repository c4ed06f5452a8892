import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { Store } from '../store/store.ts';
import { RelationIndex, ownersOf, uncontrolledIn, uncontrolledTerm } from './relation-index.ts';

const KINDS = ['pods', 'configmaps'] as const;

const change = fc.record({
  kind: fc.constantFrom(...KINDS),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  /** When `owners` is undefined, the object is removed. */
  owners: fc.option(fc.uniqueArray(fc.constantFrom('u1', 'u2', 'u3'), { maxLength: 3 }), { nil: undefined }),
});

const objectOf = (name: string, owners: readonly string[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: {
    name,
    uid: `uid-${name}`,
    ownerReferences: owners.map((uid) => ({ apiVersion: 'v1', kind: 'Owner', name: uid, uid })),
  },
});

test('after random changes, the index finds the same objects as a scan of all objects', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const store = new Store();
      const index = new RelationIndex(store, ownersOf);
      store.subscribe((event) => index.take(event));
      for (const { kind, name, owners } of changes) {
        const collection = store.collection('', kind);
        if (owners === undefined) collection.remove(name);
        else collection.put(name, objectOf(name, owners));
      }
      for (const uid of ['u1', 'u2', 'u3']) {
        const searched = KINDS.flatMap((kind) => store.collection('', kind).all())
          .map(({ object }) => object)
          .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
        expect(new Set(index.find(uid).map(({ object }) => object))).toEqual(new Set(searched));
      }
      for (const kind of KINDS) for (const name of ['a', 'b', 'c', 'd']) store.collection('', kind).remove(name);
      expect(index.size).toBe(0);
    }),
  );
});

test('a change of an object with many owners reads each owner a few times', () => {
  let reads = 0;
  const store = new Store();
  const index = new RelationIndex(store, (collection, object) => {
    const get = (terms: object, key: string | symbol) => ((reads += 1), Reflect.get(terms, key) as unknown);
    return new Proxy<readonly string[]>(ownersOf(collection, object), { get });
  });
  store.subscribe((event) => index.take(event));
  const owners = Array.from({ length: 500 }, (_, at) => `u${at}`);
  const pods = store.collection('', 'pods');
  for (const left of [owners, owners.slice(1), owners.slice(2)]) pods.put('a', objectOf('a', left));
  expect(['u0', 'u1', 'u2'].map((uid) => index.find(uid).length)).toEqual([0, 0, 1]);
  expect(reads).toBeLessThan(20 * owners.length);
});

test('a new index contains the existing objects', () => {
  const store = new Store();
  store.collection('', 'pods').put('a', objectOf('a', ['u1']));
  expect(new RelationIndex(store, ownersOf).find('u1')).toHaveLength(1);
});

test('the index finds objects without a controller by their labels', () => {
  const store = new Store();
  const index = new RelationIndex(store, uncontrolledIn);
  store.subscribe((event) => index.take(event));
  const pods = store.collection('', 'pods');
  const put = (name: string, labels: Record<string, string>, controller = false) => {
    const object = objectOf(name, controller ? ['u'] : []);
    const ownerReferences = object.metadata.ownerReferences?.map((owner) => ({ ...owner, controller })) ?? [];
    pods.put(name, { ...object, metadata: { ...object.metadata, namespace: 'n', labels, ownerReferences } });
  };
  const names = (label?: readonly [string, string]) =>
    index.find(uncontrolledTerm({ group: '', plural: 'pods' }, 'n', label)).map(({ object }) => object.metadata.name);
  put('a', { app: 'x', tier: 'y' });
  put('b', { app: 'z' });
  put('c', { app: 'x' }, true);
  store.collection('', 'configmaps').put('a', objectOf('a', []));
  expect([names(), names(['app', 'x']), names(['tier', 'y']), names(['app', 'w'])]).toEqual([
    ['a', 'b'],
    ['a'],
    ['a'],
    [],
  ]);
  put('b', { app: 'x' });
  put('c', { app: 'x' });
  put('a', { tier: 'y' });
  expect([names(), names(['app', 'x'])]).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
  ]);
  for (const name of ['a', 'b', 'c']) pods.remove(name);
  expect(index.size).toBe(0);
});
