import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import type { KubernetesApi, ListOptions } from '@typekro/kube';
import { LiveSource } from './live-source.ts';

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
