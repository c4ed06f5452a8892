import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { toJsonSchema } from './json-schema.ts';

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
