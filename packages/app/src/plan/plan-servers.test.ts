import { expect, test } from 'vitest';
import { type KubeObject, isJsonObject } from '@typekro/kit/core';
import type { KubernetesApi, ListOptions } from '@typekro/kube';
import { LiveSource } from './simulation/live-source.ts';
import { LazyRules } from './simulation/rules-server.ts';
import { replaceName, withoutNames } from './replace-name.ts';

const MAPS = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

const child = (name: string, field: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name,
    namespace: 'team',
    managedFields: [{ manager: 'kro.run/applyset', operation: 'Apply', fieldsV1: { 'f:data': { [field]: {} } } }],
  },
});

function fieldsOf(object: KubeObject | undefined): unknown {
  const [entry] = object?.metadata.managedFields ?? [];
  return isJsonObject(entry) ? entry['fieldsV1'] : undefined;
}

test('objects on the pages of a list share equal managedFields entries in memory', async () => {
  const pages = [
    [child('a', 'f:x'), child('b', 'f:x')],
    [child('c', 'f:x'), child('d', 'f:y')],
  ];
  const shared: boolean[] = [];
  const list = async (_type: unknown, options: ListOptions = {}) => {
    for (const page of pages) {
      options.onPage?.(page);
      shared.push(fieldsOf(page[0]) === fieldsOf(pages[0]?.[0]));
    }
    return { items: pages.flat(), resourceVersion: '1' };
  };
  const api = { list } as unknown as KubernetesApi;
  const source = new LiveSource({ api, signal: new AbortController().signal, fallback: 'team' });
  const [a, b, c, d] = [...(await source.loadOwned(MAPS, [])).all()];
  expect(shared).toEqual([true, true]);
  expect(fieldsOf(b)).toBe(fieldsOf(a));
  expect(fieldsOf(c)).toBe(fieldsOf(a));
  expect(fieldsOf(d)).toEqual({ 'f:data': { 'f:y': {} } });
});

const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const target = (namespace: string) => ({ type, namespace, name: 'a' });
const map = (namespace: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace } });

test('a server that replaces an earlier server also has the namespaces of the objects that were requested before', async () => {
  const rules = new LazyRules(() => []);
  try {
    await rules.apiFor([target('one')]);
    await rules.apiFor([target('two')]);
    const again = await rules.apiFor([target('one')]);
    for (const namespace of ['one', 'two']) {
      expect((await again.create(map(namespace), { dryRun: true })).metadata).toMatchObject({ name: 'a', namespace });
    }
  } finally {
    await rules.close();
  }
});

test.each([
  ['team/shop', 'shop', 'team/*'],
  ['shop-db waits for shop', 'shop', '*-db waits for *'],
  ['workshop and shops', 'shop', 'workshop and shops'],
  ['data waits', 'a', 'data waits'],
  ['a waits for a', 'a', '* waits for *'],
  ['aa a', 'a', 'aa *'],
  ['a.b.example.com', 'a.b', '*.example.com'],
  ['ashop shop', 'shop', 'ashop *'],
  ['anything', '', 'anything'],
  ['', 'shop', ''],
])('replaceName converts %j with the name %j to %j', (text, name, expected) => {
  expect(replaceName(text, name, '*')).toBe(expected);
});

test('the name and the namespace get different placeholders, even if the namespace is called name', () => {
  const object = { apiVersion: 'v1', kind: 'Pot', namespace: 'name', name: 'shop' };
  expect(withoutNames('name/shop', object, { name: 'NAME', namespace: 'NAMESPACE' })).toBe('NAMESPACE/NAME');
});
