import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { changesOf } from './child-changes.ts';

const LAST = {
  path: 'metadata.annotations.another-client',
  patch: { metadata: { annotations: { 'another-client': 'was here' } } },
};

function child(fields: JsonObject, owned: JsonObject): KubeObject {
  const { metadata, ...rest } = fields;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...rest,
    metadata: {
      name: 'a',
      ...(metadata as JsonObject),
      managedFields: [{ manager: 'kro.run/applyset', operation: 'Apply', fieldsV1: owned }],
    },
  };
}

describe('the changes that another client can make to a child', () => {
  const cases: readonly (readonly [string, KubeObject, readonly JsonObject[]])[] = [
    ['nothing owned', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'x' } }, []],
    ['a text', child({ data: { a: 'x', b: 'y' } }, { 'f:data': { 'f:a': {} } }), [{ data: { a: 'x-changed' } }]],
    [
      'a number and a boolean',
      child({ spec: { replicas: 2, paused: false } }, { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } }),
      [{ spec: { replicas: 3 } }, { spec: { paused: true } }],
    ],
    ['a list is skipped', child({ spec: { list: ['a'] } }, { 'f:spec': { 'f:list': {} } }), []],
    [
      'labels of the author, but not labels of the controller',
      child(
        { metadata: { labels: { 'kro.run/owned': 'true', 'applyset.kubernetes.io/part-of': 'x', team: 'a' } } },
        {
          'f:metadata': { 'f:labels': { 'f:kro.run/owned': {}, 'f:applyset.kubernetes.io/part-of': {}, 'f:team': {} } },
        },
      ),
      [{ metadata: { labels: { team: 'a-changed' } } }],
    ],
  ];

  test.each(cases)('%s', (_name, object, patches) => {
    const found = changesOf(object, 0);
    expect(found.at(-1)).toEqual(LAST);
    expect(found.slice(0, -1).map(({ patch }) => patch)).toEqual(patches);
  });

  test('a number from 0 to 1 selects the change with which the list begins', () => {
    const object = child({ data: { a: '1', b: '2', c: '3' } }, { 'f:data': { 'f:a': {}, 'f:b': {}, 'f:c': {} } });
    const paths = (from: number) => changesOf(object, from).map(({ path }) => path);
    expect(paths(0)).toEqual(['data.a', 'data.b', 'data.c', LAST.path]);
    expect(paths(0.5)).toEqual(['data.b', 'data.c', 'data.a', LAST.path]);
    expect(paths(0.99)).toEqual(['data.c', 'data.a', 'data.b', LAST.path]);
  });
});
