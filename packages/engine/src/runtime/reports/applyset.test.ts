import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { applySetId, inventoryHash, inventoryOf, recordedInventory, sameScope, unionScope } from './applyset.ts';

const sha = (text: string) => createHash('sha256').update(text).digest('base64url');

const parent = { name: 'shop', namespace: 'default', kind: 'Shop', group: 'acme.io' };
const scope = { groupKinds: ['ConfigMap', 'Deployment.apps'], namespaces: ['other'] };

function instance(annotations: Record<string, string>, labels: Record<string, string> = {}): KubeObject {
  const metadata = { name: 'shop', namespace: 'default', annotations, labels };
  return { apiVersion: 'acme.io/v1', kind: 'Shop', metadata };
}

test('the id is the hash of name, namespace, kind and group', () => {
  expect(applySetId(parent)).toBe(`applyset-${sha('shop.default.Shop.acme.io')}-v1`);
  const { namespace: _none, ...clusterScoped } = parent;
  expect(applySetId(clusterScoped)).toBe(`applyset-${sha('shop..Shop.acme.io')}-v1`);
});

test('the inventory hash covers id, kinds and namespaces, joined by NUL', () => {
  expect(inventoryHash('id', scope)).toBe(`sha256:${sha('id\0ConfigMap,Deployment.apps\0other')}`);
  expect(inventoryHash('id', { groupKinds: ['a,b'], namespaces: [] })).not.toBe(
    inventoryHash('id', { groupKinds: ['a'], namespaces: ['b'] }),
  );
});

test('the union of scopes is sorted and has no duplicates', () => {
  const union = unionScope(scope, { groupKinds: ['ConfigMap', 'Secret', 'A.x'], namespaces: [] });
  expect(union).toEqual({ groupKinds: ['A.x', 'ConfigMap', 'Deployment.apps', 'Secret'], namespaces: ['other'] });
  expect(sameScope(union, scope)).toBe(false);
});

const MANY_KINDS = Array.from({ length: 1001 }, (_, index) => `Kind${index}.g${index}.test`).join();

describe('recordedInventory', () => {
  const inventory = inventoryOf(applySetId(parent), scope, 'devel');

  test('reads back the inventory that inventoryOf writes', () => {
    const recorded = recordedInventory(instance({ ...inventory.annotations }, { ...inventory.labels }));
    expect(recorded).toEqual({ state: 'valid', scope, hashed: true });
  });

  test('finds no inventory on an instance without the labels and annotations of an ApplySet', () => {
    expect(recordedInventory(instance({ other: 'x' }))).toEqual({ state: 'absent' });
  });

  test('accepts an inventory without hash, as older versions wrote it', () => {
    const { 'internal.kro.run/applyset-inventory-hash': _hash, ...annotations } = inventory.annotations;
    expect(recordedInventory(instance(annotations, { ...inventory.labels })).state).toBe('valid');
  });

  test.each([
    ['a wrong id', {}, { 'applyset.kubernetes.io/id': 'applyset-x-v1' }, 'applyset.kubernetes.io/id'],
    ['the tooling of another program', { 'applyset.kubernetes.io/tooling': 'kubectl/1.36' }, {}, 'tooling'],
    ['a hash that does not match', { 'applyset.kubernetes.io/contains-group-kinds': 'Secret' }, {}, 'does not match'],
    [
      'more kinds than a definition can have',
      { 'applyset.kubernetes.io/contains-group-kinds': MANY_KINDS },
      {},
      'more than 1000',
    ],
    ['an invalid namespace', { 'applyset.kubernetes.io/additional-namespaces': 'A b' }, {}, 'invalid entry'],
    ['an invalid group', { 'applyset.kubernetes.io/contains-group-kinds': 'Secret.-x' }, {}, 'invalid entry'],
  ])('refuses %s', (_name, annotations, labels, problem) => {
    const object = instance({ ...inventory.annotations, ...annotations }, { ...inventory.labels, ...labels });
    const recorded = recordedInventory(object);
    expect(recorded.state === 'invalid' && recorded.problem).toContain(problem);
  });

  test.each(Object.keys(inventory.annotations).filter((key) => !key.endsWith('-hash')))(
    'refuses an inventory without %s',
    (key) => {
      const annotations = Object.fromEntries(Object.entries(inventory.annotations).filter(([name]) => name !== key));
      expect(recordedInventory(instance(annotations, { ...inventory.labels })).state).toBe('invalid');
    },
  );
});
