import { expect, test } from 'vitest';
import { assert, property, shuffledSubarray } from 'fast-check';
import { graphOf } from '../../test-support/compile-graph.ts';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import type { GraphNode } from '../graph/index.ts';
import { type FieldValue, fillSkeleton, fillTemplate } from './template.ts';

const SKELETON: JsonObject = {
  metadata: { name: null, labels: { a: 'b' } },
  spec: { list: [null, { x: null }, 'c', null], keep: { deep: true } },
};

test('values are set at their paths, and the result shares all other parts with the skeleton', () => {
  const frozen = structuredClone(SKELETON);
  const filled = fillSkeleton(SKELETON, [
    { path: ['metadata', 'name'], value: 'n' },
    { path: ['spec', 'list', 1, 'x'], value: 5 },
  ]);
  expect(filled).toEqual({
    metadata: { name: 'n', labels: { a: 'b' } },
    spec: { list: [null, { x: 5 }, 'c', null], keep: { deep: true } },
  });
  expect(SKELETON).toEqual(frozen);
  expect((filled['spec'] as JsonObject)['keep']).toBe((SKELETON['spec'] as JsonObject)['keep']);
});

test('fields and list elements without a value are removed after all other values are set', () => {
  const filled = fillSkeleton(SKELETON, [
    { path: ['spec', 'list', 0], value: undefined },
    { path: ['spec', 'list', 1, 'x'], value: 'second' },
    { path: ['spec', 'list', 3], value: undefined },
    { path: ['metadata', 'name'], value: undefined },
  ]);
  expect(filled).toEqual({
    metadata: { labels: { a: 'b' } },
    spec: { list: [{ x: 'second' }, 'c'], keep: { deep: true } },
  });
});

test('the order of values does not matter', () => {
  const values = [
    { path: ['spec', 'list', 0], value: undefined },
    { path: ['spec', 'list', 1, 'x'], value: 1 },
    { path: ['spec', 'list', 3], value: undefined },
    { path: ['metadata', 'name'], value: 'n' },
  ];
  const expected = fillSkeleton(SKELETON, values);
  assert(
    property(shuffledSubarray(values, { minLength: values.length }), (shuffled) => {
      expect(fillSkeleton(SKELETON, shuffled)).toEqual(expected);
    }),
  );
});

test('a member called __proto__ is filled like any other', () => {
  const skeleton = JSON.parse('{"data":{"__proto__":null}}') as JsonObject;
  const filled = fillSkeleton(skeleton, [{ path: ['data', '__proto__'], value: 'x' }]);
  expect(JSON.stringify(filled)).toBe('{"data":{"__proto__":"x"}}');
});

test('a number that JSON cannot represent is a template error', () => {
  const graph = graphOf(`
schema: {spec: {zero: float}}
resources:
  - id: a
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: "\${dyn({'v': 1.0 / schema.spec.zero})}"}
`);
  const { template } = graph.nodes.get('a') as GraphNode;
  const variables = new Map([['schema', { spec: { zero: 0 } }]]);
  expect(fillTemplate(template, variables, { now: 0 })).toMatchObject({
    state: 'error',
    failure: { reason: 'json: unsupported value: +Inf' },
  });
});

test.each<[string, readonly FieldValue[], JsonValue]>([
  ['behind an omitted element', [{ path: ['list', 0], value: undefined }], [{ named: 1 }, { k: 2 }]],
  [
    'between omitted elements',
    [
      { path: ['list', 0], value: undefined },
      { path: ['list', 2], value: undefined },
    ],
    [{ named: 1 }],
  ],
])('a computed key in an element of a list, %s, renames the member of its own element', (_title, omitted, list) => {
  const skeleton: JsonObject = { list: [null, { k: 1 }, { k: 2 }] };
  const key: FieldValue = { path: ['list', 1, 'k'], value: 'named', isKey: true };
  expect(fillSkeleton(skeleton, [...omitted, key])).toEqual({ list });
  expect(skeleton).toEqual({ list: [null, { k: 1 }, { k: 2 }] });
});

test.each<[string, keys: [written: string, key: string][], filled: object, duplicates: string[]]>([
  [
    'may evaluate to the expression text of a later key',
    [
      ['${a}', '${b}'],
      ['${b}', 'z'],
    ],
    { '${b}': 0, z: 1 },
    [],
  ],
  [
    'may evaluate to the expression texts of one another',
    [
      ['${a}', '${b}'],
      ['${b}', '${a}'],
    ],
    { '${b}': 0, '${a}': 1 },
    [],
  ],
  [
    'may not evaluate to the same key',
    [
      ['${a}', 'z'],
      ['${b}', 'z'],
    ],
    { z: 0 },
    ['z'],
  ],
])('computed keys of one map %s', (_what, keys, filled, expected) => {
  const map = Object.fromEntries(keys.map(([written], index) => [written, index]));
  const duplicates: FieldValue[] = [];
  const values = keys.map(([written, value]) => ({ path: ['data', written], value, isKey: true }) as const);
  expect(fillSkeleton({ data: map }, values, duplicates)).toEqual({ data: filled });
  expect(duplicates.map(({ value }) => value)).toEqual(expected);
});
