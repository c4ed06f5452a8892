import { describe, expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import type { JsonValue } from '@typekro/kit/core';
import type { CurrentValue } from '@typekro/controller/inspect';
import { KubeError } from '@typekro/kube';
import type { KubernetesApi } from '@typekro/kube';
import { expressionsOf, liveNodesOf } from '@typekro/engine/runtime';
import { CurrentValues, readObject } from './current-values.ts';

const MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a' };
const error = new KubeError('configmaps "a" is forbidden', { status: 403, reason: 'Forbidden' });
const api = { find: () => Promise.reject(error) } as unknown as KubernetesApi;

test('for an object that the caller may not read, the result has the reason', async () => {
  expect(await readObject(api, MAP, new AbortController().signal)).toEqual({ failure: error.message });
});

test('a read fails when the caller has disconnected, and the object is not reported as unreadable', async () => {
  await expect(readObject(api, MAP, AbortSignal.abort())).rejects.toBe(error);
});

describe('the expressions of a collection', () => {
  const graph = graphOf(`
schema: { kind: Shop, spec: { zones: '[]string', ports: '[]integer' } }
resources:
  - id: creds
    template: { apiVersion: v1, kind: Secret, metadata: { name: creds }, stringData: { list: a, word: b } }
  - id: maps
    forEach: [{ zone: '\${schema.spec.zones}' }, { port: '\${schema.spec.ports}' }]
    includeWhen: ['\${size(schema.spec.zones) > 1}']
    readyWhen: ['\${each.data.port == "81"}']
    template:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: '\${zone}-\${string(port)}' }
      data: { port: '\${string(port)}', all: '\${schema.spec.zones.join(",")}', key: '\${zone + string(creds.data.word)}' }
  - id: keys
    forEach: [{ part: '\${string(creds.data.list).split(",")}' }]
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: 'key-\${part}' }, data: { a: x } }
`);
  const mapOf = (name: string, data: object) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'n' },
    data,
  });
  const variables = new Map<string, unknown>([
    ['schema', { metadata: { name: 's', namespace: 'n' }, spec: { zones: ['x', 'y'], ports: [80, 81] } }],
    ['creds', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'creds' }, data: { list: 'YSxi', word: 'Yg==' } }],
    ['maps', [mapOf('x-80', { port: '80' }), mapOf('y-81', { port: '81' })]],
  ]);
  const values = new CurrentValues(graph, variables, 0, liveNodesOf([]));
  const known = (value: JsonValue): CurrentValue => ({ is: 'known', value });
  const unknown = (message: string): CurrentValue => ({ is: 'unknown', message });
  const each = unknown('it has a value for each object of the collection');
  const none = unknown('no element of the forEach lists makes ConfigMap n/z-80');

  test.each<[string, string, string | undefined, CurrentValue]>([
    ['maps', 'metadata.name', undefined, each],
    ['maps', 'metadata.name', 'x-80', known('x-80')],
    ['maps', 'metadata.name', 'y-81', known('y-81')],
    ['maps', 'metadata.name', 'x-81', known('x-81')],
    ['maps', 'metadata.name', 'z-80', none],
    ['maps', 'data.port', 'y-80', known('80')],
    ['maps', 'data.all', 'z-80', known('x,y')],
    ['maps', 'data.all', undefined, known('x,y')],
    ['maps', 'data.key', 'x-80', { is: 'secret' }],
    ['maps', 'includeWhen[0]', 'x-80', known(true)],
    ['maps', 'forEach.port', 'x-80', known([80, 81])],
    ['maps', 'readyWhen[0]', undefined, each],
    ['maps', 'readyWhen[0]', 'x-80', known(false)],
    ['maps', 'readyWhen[0]', 'y-81', known(true)],
    ['maps', 'readyWhen[0]', 'x-81', unknown('ConfigMap n/x-81 does not exist')],
    ['keys', 'metadata.name', 'key-a', { is: 'secret' }],
  ])('%s: %s has for the object %s the value %j', (id, place, name, expected) => {
    const node = graph.nodes.get(id);
    const placed = node === undefined ? [] : expressionsOf(node).filter((each) => each.place === place);
    const object = name === undefined ? undefined : { ...MAP, namespace: 'n', name };
    expect(node && values.ofPlaced(node, placed, object)).toEqual([expected]);
  });
});
