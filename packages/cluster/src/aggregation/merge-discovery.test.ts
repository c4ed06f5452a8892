import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { mergeAggregated, mergedWith, mergeGroupList } from './merge-discovery.ts';

const shapes: Record<string, (n: number) => { names: readonly string[]; groups: number; versions: number }> = {
  resources: (n) => ({ names: Array.from({ length: n }, (_, k) => `r${k}`), groups: 1, versions: 1 }),
  'subresources of one resource': (n) => ({
    names: ['r', ...Array.from({ length: n }, (_, k) => `r/${k}`)],
    groups: 1,
    versions: 1,
  }),
  'equal resources and subresources': (n) => ({
    names: Array.from({ length: 2 * n }, (_, k) => (k < n ? 'r' : 'r/s')),
    groups: 1,
    versions: 1,
  }),
  versions: (n) => ({ names: ['r'], groups: 1, versions: n }),
  groups: (n) => ({ names: ['r'], groups: n, versions: 1 }),
};
test.each(Object.entries(shapes))('documents cost as much as they have %s', (_, shapeOf) => {
  const costOf = (n: number): number => {
    const { names, groups, versions } = shapeOf(n);
    let reads = 0;
    const counted = <Name extends string, Value>(name: Name, value: Value) =>
      Object.defineProperty({}, name, { enumerable: true, get: () => ((reads += 1), value) }) as Record<Name, Value>;
    const others = Array.from({ length: groups * versions }, (_each, k) => {
      const spec = { group: `g${k % groups}`, version: `v${k + 1}`, groupPriorityMinimum: 1, versionPriority: 1 };
      const apiService = counted('spec', spec) as unknown as KubeObject;
      return { apiService, resources: { resources: names.map((name) => counted('name', name)) }, isAvailable: true };
    });
    const merged = mergedWith(
      others,
      others.map(({ apiService }) => apiService),
    );
    const own = Array.from({ length: groups }, (_each, k) => ({
      ...counted('name', `o${k}`),
      metadata: counted('name', `o${k}`),
      versions: [],
    }));
    const documents = [mergeAggregated(own, merged), mergeGroupList(own, merged)];
    return reads + JSON.stringify(documents).length;
  };
  expect(costOf(400)).toBeLessThan(2.5 * costOf(200));
});
