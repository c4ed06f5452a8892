import { describe, expect, test } from 'vitest';
import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { changedPaths, changeOf } from './plan.ts';

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
