import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { parseLifts } from './lift.ts';

const object = (apiVersion: string, kind: string, name: string, more: JsonObject = {}, namespace?: string) =>
  ({ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...more }) as KubeObject;

const OBJECTS = [
  object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:app', { rules: [{ verbs: ['get'] }] }),
  object('v1', 'ConfigMap', 'a', { data: { 'x,y': '1', 'k:l=m': '2' } }),
  object('v1', 'ConfigMap', 'c', { data: { 'p:q': '3' } }),
  object('v1', 'ConfigMap', 'b', { data: { x: '1' } }, 'one'),
  object('v1', 'ConfigMap', 'b', { data: { x: '2' } }, 'two'),
  object('a.test/v1', 'Pot', 'p', { spec: { x: '1' } }),
  object('b.test/v1', 'Pot', 'p', { spec: { x: '2' } }),
];

test.each([
  ['', []],
  ['ClusterRole/system:app:rules[0].verbs[0]=verb', [['system:app', 'verb', 'get']]],
  [
    'ConfigMap/a:data["x,y"]=one,ConfigMap/a:data["k:l=m"]=two',
    [
      ['a', 'one', '1'],
      ['a', 'two', '2'],
    ],
  ],
  ['ConfigMap/c:data.p:q=own', [['c', 'own', '3']]],
  ['configmap/two/b:data.x=own', [['b', 'own', '2']]],
  ['Pot.b.test/p:spec.x', [['p', 'x', '2']]],
])('the lifts %j name their objects and values', (text, expected) => {
  expect(
    parseLifts(text, OBJECTS).map(({ object: { metadata }, field, schema }) => [metadata.name, field, schema.default]),
  ).toEqual(expected);
});

test.each([
  [',', '--lift , is not a lift', /write KIND/],
  ['ConfigMap/b:data.x', '--lift: several objects have the name ConfigMap/b', /ConfigMap\/one\/b, ConfigMap\/two\/b/],
  ['Pot/p:spec.x', '--lift: several objects have the name Pot/p', /choose one: Pot\.a\.test\/p, Pot\.b\.test\/p/],
  ['ClusterRole/system:app:rules[3].verbs', '--lift: ClusterRole/system:app has no field rules[3]', /lift a field/],
  ['ConfigMap/a:data["x,y"]', '--lift: x,y is not a valid field name', /begin with a lower-case letter/],
])('the lifts %j are refused', (text, message, remedy) => {
  expect(() => parseLifts(text, OBJECTS)).toThrow(
    expect.objectContaining({ code: 'cli/usage', message, remedy: expect.stringMatching(remedy) as string }) as Error,
  );
});

test('each object is named once, for any number of lifts', () => {
  let reads = 0;
  const named = Array.from({ length: 300 }, (_, index) => ({
    ...object('v1', 'ConfigMap', `a${index}`, { data: { x: '1' } }),
    get kind() {
      reads += 1;
      return 'ConfigMap';
    },
  }));
  expect(parseLifts(named.map((_, index) => `ConfigMap/a${index}:data.x=f${index}`).join(','), named)).toHaveLength(
    300,
  );
  expect(reads).toBeLessThan(3000);
});
