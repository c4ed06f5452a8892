import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Graph } from '@typekro/engine/graph';
import { StructuralSchema } from '@typekro/engine/schema';
import type { JsonObject } from '@typekro/kit/core';
import { exampleInstance } from './example-instance.ts';
import { toJsonSchema } from './to-json-schema.ts';

const APP = { group: 'a.test', version: 'v1', kind: 'App', plural: 'apps', namespaced: true } as Graph['instance'];

test.each([
  ['a string that contains a comment mark', { type: 'string', default: 'x # y' }, 'x # y'],
  ['a string of several lines', { type: 'string', default: 'a\n  b: "c"\n' }, 'a\n  b: "c"\n'],
  ['a list with a string of several lines', { type: 'array', items: { type: 'string' }, default: ['a\nb'] }, ['a\nb']],
  ['a map', { type: 'object', additionalProperties: { type: 'string' }, default: { 'a b': 'c' } }, { 'a b': 'c' }],
])(
  'the commented-out line of an optional field whose default is %s is valid YAML without its comment mark',
  (_what, schema, value) => {
    const properties = { first: { type: 'string' }, 'other.field': schema };
    const text = exampleInstance(APP, StructuralSchema.of({ type: 'object', properties, required: ['first'] }));
    expect(text.split('\n').filter((line) => line.startsWith('  # '))).toHaveLength(1);
    expect(parse(text)).toMatchObject({ spec: { first: 'first' } });
    expect(parse(text.replace('  # ', '  '))).toMatchObject({ spec: { first: 'first', 'other.field': value } });
  },
);

test.each<[string, JsonObject, JsonObject]>([
  ['a nullable field', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
  ['a nullable enum', { type: 'string', nullable: true, enum: ['a'] }, { type: ['string', 'null'], enum: ['a', null] }],
  [
    'a number or a string',
    { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
    { type: ['integer', 'string'] },
  ],
  [
    'an exclusive bound',
    { type: 'integer', minimum: 1, exclusiveMinimum: true },
    { type: 'integer', exclusiveMinimum: 1 },
  ],
  [
    'an object',
    { type: 'object', properties: { a: { type: 'string' } } },
    { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
  ],
  [
    'an open object',
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'string' } } },
    { type: 'object', properties: { a: { type: 'string' } } },
  ],
  [
    'an alternative of anyOf, which still allows unknown fields',
    {
      type: 'object',
      properties: { a: {}, b: {} },
      anyOf: [{ properties: { a: { properties: { c: {} } } }, required: ['a'] }],
    },
    {
      type: 'object',
      properties: { a: {}, b: {} },
      anyOf: [{ properties: { a: { properties: { c: {} } } }, required: ['a'] }],
      additionalProperties: false,
    },
  ],
  [
    'a keyword with the name __proto__',
    JSON.parse('{ "type": "object", "__proto__": { "x": 1 } }') as JsonObject,
    JSON.parse('{ "type": "object", "__proto__": { "x": 1 } }') as JsonObject,
  ],
  [
    'a map',
    { type: 'object', additionalProperties: { type: 'string', nullable: true } },
    { type: 'object', additionalProperties: { type: ['string', 'null'] } },
  ],
])('a schema is converted to JSON Schema: %s', (_name, schema, expected) => {
  expect(toJsonSchema(schema)).toEqual(expected);
});
