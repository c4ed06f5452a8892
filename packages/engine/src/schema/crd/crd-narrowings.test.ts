import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { crdNarrowings } from './crd-narrowings.ts';

function crd(spec: JsonObject, version: JsonObject = {}, more: JsonObject = {}): KubeObject {
  const openAPIV3Schema = { type: 'object', properties: { spec } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'a.acme.test' },
    spec: {
      scope: 'Cluster',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...version }],
      ...more,
    },
  };
}

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });
const text: JsonObject = { type: 'string' };
const open: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };
const rule = (expression: string, message?: string): JsonObject => ({
  'x-kubernetes-validations': [{ rule: expression, ...(message === undefined ? {} : { message }) }],
});

/** The expected narrowings from the first schema to the second. The opposite direction must have no narrowings. */
const CASES: readonly [string, JsonObject, JsonObject, string[]][] = [
  ['a field is removed', object({ a: text }), object({}), ['spec.a: the field is dropped']],
  [
    'a field is removed from the items of a list',
    { type: 'array', items: object({ a: text }) },
    { type: 'array', items: object({}) },
    ['spec[].a: the field is dropped'],
  ],
  [
    'a field of any value becomes an object',
    object({ a: open }),
    object({ a: object({ b: text }) }),
    ['spec.a: no longer accepts every value'],
  ],
  ['an object no longer keeps unknown fields', object({}, open), object({}), ['spec: unknown fields are dropped']],
  [
    'a typed field is added to an object that keeps unknown fields',
    object({}, open),
    object({ a: text }, open),
    ['spec.a: no longer accepts every value'],
  ],
  ['a number becomes an integer', { type: 'number' }, { type: 'integer' }, ['spec: accepts only integer']],
  [
    'an int-or-string becomes a string',
    { 'x-kubernetes-int-or-string': true },
    text,
    ['spec: no longer accepts both integers and strings'],
  ],
  ['null is no longer allowed', { ...text, nullable: true }, text, ['spec: no longer accepts null']],
  ['a field becomes required', object({ a: text }), object({ a: text }, { required: ['a'] }), ['spec: requires a']],
  ['an enum loses values', { ...text, enum: ['a', 'b'] }, { ...text, enum: ['a'] }, ['spec: accepts fewer values']],
  ['an enum is added', text, { ...text, enum: ['a'] }, ['spec: accepts fewer values']],
  ['a pattern is added', text, { ...text, pattern: '^a$' }, ['spec: accepts only strings that match ^a$']],
  ['a format is added', text, { ...text, format: 'date-time' }, ['spec: accepts only the format date-time']],
  [
    'a format with a smaller range is added',
    { type: 'integer' },
    { type: 'integer', format: 'int32' },
    ['spec: accepts only the format int32'],
  ],
  ['a lower bound rises', { ...text, minLength: 1 }, { ...text, minLength: 2 }, ['spec: minLength is 2']],
  ['an upper bound is added', text, { ...text, maxLength: 9 }, ['spec: maxLength is 9']],
  [
    'additional fields are dropped',
    object({}, { additionalProperties: text }),
    object({}),
    ['spec: other fields are dropped'],
  ],
  [
    'additional fields are narrower',
    object({}, { additionalProperties: true }),
    object({}, { additionalProperties: text }),
    ['spec.*: no longer accepts every value'],
  ],
  [
    'a list becomes a set',
    { type: 'array', items: text },
    { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    ['spec: accepts no repeated elements'],
  ],
  [
    'a key is removed from a map list',
    { type: 'array', items: text, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a', 'b'] },
    { type: 'array', items: text, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] },
    ['spec: accepts no repeated elements'],
  ],
  [
    'an object becomes a resource',
    object({}, open),
    object({}, { ...open, 'x-kubernetes-embedded-resource': true }),
    ['spec: accepts only resources with an apiVersion and a kind'],
  ],
  [
    'a rule is added',
    object({}),
    object({}, rule('self.a > 1')),
    ['spec: accepts only values that satisfy self.a > 1'],
  ],
  ['a rule with a message is added', object({}), object({}, rule('self.a > 1', 'a is small')), ['spec: a is small']],
  ['an alternative is added', object({}), object({}, { anyOf: [{ required: ['a'] }] }), ['spec: anyOf differs']],
];

describe('a CRD is narrower than another when', () => {
  test.each(CASES)('%s', (_what, wide, narrow, found) => {
    expect(crdNarrowings(crd(wide), crd(narrow))).toEqual(found);
    expect(crdNarrowings(crd(narrow), crd(wide))).toEqual([]);
  });

  test.each<[string, JsonObject, JsonObject, string]>([
    ['a version is removed', {}, { name: 'v2' }, 'version v1 is gone'],
    ['a version is not served', {}, { served: false }, 'version v1 is no longer served'],
    ['a subresource is removed', { subresources: { status: {} } }, {}, 'the subresource status is gone'],
    [
      'a selectable field is removed',
      { selectableFields: [{ jsonPath: '.spec.a' }] },
      {},
      'the selectable field .spec.a is gone',
    ],
  ])('%s', (_what, wide, narrow, found) => {
    expect(crdNarrowings(crd(text, wide), crd(text, narrow))).toEqual([found]);
  });

  test('its scope differs', () => {
    expect(crdNarrowings(crd(text), crd(text, {}, { scope: 'Namespaced' }))).toEqual(['spec.scope: Namespaced']);
  });
});

test.each<[string, JsonObject, JsonObject]>([
  ['both are equal', object({ a: text }), object({ a: text })],
  ['only descriptions and defaults differ', text, { ...text, description: 'a text', default: 'a' }],
  [
    'a changed rule with the same message',
    object({}, rule('has(self.a) != has(self.b)', 'one')),
    object({}, rule('has(self.a) ? !has(self.b) : has(self.b)', 'one')),
  ],
  [
    'a newly required field with a default',
    object({ a: text }),
    object({ a: { ...text, default: 'x' } }, { required: ['a'] }),
  ],
  ['a minimum length of zero', text, { ...text, minLength: 0 }],
  ['an empty pattern', text, { ...text, pattern: '' }],
  ['a format that allows the full range of its type', { type: 'integer' }, { type: 'integer', format: 'int64' }],
  ['a format that is not checked', text, { ...text, format: 'colour' }],
  ['a new field where unknown fields were dropped', object({}), object({ a: { ...text, pattern: '^a$' } })],
])('a CRD is not narrower than another one: %s', (_what, old, next) => {
  expect(crdNarrowings(crd(old), crd(next))).toEqual([]);
});

test('a recursive schema is compared up to a depth', () => {
  const endless: Record<string, unknown> = { type: 'object' };
  endless['properties'] = { a: endless };
  expect(crdNarrowings(crd(endless as JsonObject), crd(endless as JsonObject))).toEqual([
    expect.stringContaining('too deep to be compared'),
  ]);
});
