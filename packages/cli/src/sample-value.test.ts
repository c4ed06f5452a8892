import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { type SampleFields, sampleValue } from './sample-value.ts';

const MAP: Schema = { type: 'object', additionalProperties: { type: 'string' } };
const object = (properties: Record<string, Schema>, ...required: string[]): Schema => ({
  type: 'object',
  properties,
  required,
});

test.each<[string, Schema, SampleFields, JsonValue | undefined]>([
  ['a field with a default', object({ size: { type: 'integer', default: 3 } }), 'withoutDefaults', undefined],
  [
    'a required field with a default',
    object({ size: { type: 'integer', default: 3 } }, 'size'),
    'required',
    { size: 3 },
  ],
  ['an optional map', object({ name: { type: 'string' }, labels: MAP }), 'withoutDefaults', { name: 'example' }],
  ['a required map', object({ labels: MAP }, 'labels'), 'withoutDefaults', { labels: {} }],
  [
    'a required map with a default',
    object({ labels: { ...MAP, default: {} } }, 'labels'),
    'withoutDefaults',
    undefined,
  ],
  [
    'a string of at least 70 characters',
    object({ id: { type: 'string', minLength: 70 } }, 'id'),
    'required',
    { id: `id${'x'.repeat(68)}` },
  ],
  [
    'a minimum length that exceeds the maximum length of a JavaScript string',
    object({ id: { type: 'string', minLength: 2_000_000_000 } }, 'id'),
    'required',
    { id: `id${'x'.repeat(4094)}` },
  ],
  ['a required field without a type', object({ any: {} }, 'any'), 'withoutDefaults', { any: 'example' }],
  [
    'a required object whose fields have defaults',
    object({ port: object({ number: { type: 'integer', default: 80 } }) }, 'port'),
    'withoutDefaults',
    { port: {} },
  ],
])('sampleValue() has the expected result for a schema with %s', (_title, schema, fields, expected) => {
  expect(sampleValue(schema, 'spec', fields)).toEqual(expected);
});
