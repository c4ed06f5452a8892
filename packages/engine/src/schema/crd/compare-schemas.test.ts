import { describe, expect, test } from 'vitest';
import type { JsonValue, KubeObject } from '@typekro/kit/core';
import type { Schema } from '../index.ts';
import { fieldOfChange, compareCrds } from './compare-crds.ts';
import { compareSchemas } from './compare-schemas.ts';

const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
});
const changes = (old: Schema, next: Schema): string[] =>
  compareSchemas(old, next).map(({ breaking, path, type }) => `${breaking ? '!' : ' '}${path} ${type}`);

describe('compareSchemas', () => {
  test.each<[string, Schema, Schema, string[]]>([
    [
      'the removal of a default from a required field is two changes',
      object({ a: { type: 'string', default: 'x' } }, ['a']),
      object({ a: { type: 'string' } }, ['a']),
      [' .properties.a.default DEFAULT_CHANGED', '!.required REQUIRED_DEFAULT_REMOVED'],
    ],
    [
      'a change of the type is reported after changes of description and default',
      { type: 'string', description: 'a', default: 'x' },
      { type: 'integer', description: 'b', minimum: 1 },
      [' .description DESCRIPTION_CHANGED', ' .default DEFAULT_CHANGED', '!.type TYPE_CHANGED'],
    ],
    [
      '`items` in a schema of another type than array is ignored',
      { type: 'object', items: {} },
      { type: 'object' },
      [],
    ],
    [
      'bounds are compared by value',
      { type: 'number', minimum: 1, maximum: 9007199254740993n },
      { type: 'number', minimum: 1.0, maximum: 9007199254740993n },
      [],
    ],
    ['an increase to a tiny bound is reported', { minimum: 0 }, { minimum: 1.5e-7 }, ['!.minimum MINIMUM_INCREASED']],
  ])('%s', (_name, old, next, expected) => {
    expect(changes(old, next)).toEqual(expected);
  });

  test('numbers are written without exponents', () => {
    expect(compareSchemas({ minimum: 1e21 }, { minimum: 1.5e-7 })[0]).toMatchObject({
      old: '1000000000000000000000',
      new: '0.00000015',
    });
  });
});

describe('fieldOfChange returns the path of a field', () => {
  const text: Schema = { type: 'string' };
  const inSpec = (properties: Record<string, Schema>, required: string[] = []): Schema =>
    object({ spec: object(properties, required) });

  test.each<[what: string, old: Schema, next: Schema, fields: string[]]>([
    ['that is removed', inSpec({ a: text }), inSpec({}), ['spec.a']],
    ['whose type changes', inSpec({ a: text }), inSpec({ a: { type: 'integer' } }), ['spec.a']],
    ['that gets a bound', inSpec({ a: text }), inSpec({ a: { ...text, maxLength: 3 } }), ['spec.a']],
    ['that is newly required', inSpec({ a: text }), inSpec({ a: text }, ['a']), ['spec.a']],
    ['that loses its default', inSpec({ a: { ...text, default: 'x' } }, ['a']), inSpec({ a: text }, ['a']), ['spec.a']],
    ['that is added and required', inSpec({}), inSpec({ a: text }, ['a']), ['spec.a']],
    [
      'in the items of a list',
      inSpec({ ports: { type: 'array', items: object({ name: text }) } }),
      inSpec({ ports: { type: 'array', items: object({}) } }),
      ['spec.ports[].name'],
    ],
    [
      'that is the items of a list',
      inSpec({ items: { type: 'array', items: text } }),
      inSpec({ items: { type: 'array', items: { type: 'integer' } } }),
      ['spec.items[]'],
    ],
    ['that is the whole object', { type: 'object' }, { type: 'string' }, ['the object']],
  ])('%s', (_what, old, next, fields) => {
    const breaking = compareSchemas(old, next).filter((change) => change.breaking);
    expect(breaking.map(fieldOfChange)).toEqual(fields);
  });

  test.each<[what: string, old: Schema, next: Schema, fields: string[]]>([
    [
      'that no longer keeps unknown fields',
      inSpec({ a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }),
      inSpec({ a: { type: 'object' } }),
      ['spec.a'],
    ],
    [
      'in the values of a map',
      inSpec({ a: { type: 'object', additionalProperties: object({ b: text }) } }),
      inSpec({ a: { type: 'object', additionalProperties: object({}) } }),
      ['spec.a.*.b'],
    ],
    [
      'that is the values of a map',
      inSpec({ a: { type: 'object', additionalProperties: text } }),
      inSpec({ a: { type: 'object', additionalProperties: { type: 'integer' } } }),
      ['spec.a.*'],
    ],
  ])('%s, in a comparison of all keywords', (_what, old, next, fields) => {
    const breaking = compareSchemas(old, next, 'conservative').filter((change) => change.breaking);
    expect(breaking.map(fieldOfChange)).toEqual(fields);
  });
});

test.each<[JsonValue]>([
  [null],
  [[]],
  [{ versions: 5 }],
  [{ versions: [{ name: 'v1', schema: { openAPIV3Schema: { properties: [1], required: 5, enum: {} } } }] }],
])(
  'a comparison of malformed CustomResourceDefinitions returns a result or an error, and does not throw: %j',
  (spec) => {
    const crd = { apiVersion: 'v1', kind: 'X', metadata: {}, spec } as unknown as KubeObject;
    const result = compareCrds(crd, crd);
    expect('error' in result || result.compatible).toBe(true);
  },
);
