import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { InstanceType } from '@typekro/engine/graph';
import { structuralSchema } from '@typekro/engine/schema';
import { exampleInstance } from './example-instance.ts';

const APP = { group: 'a.test', version: 'v1', kind: 'App', plural: 'apps', namespaced: true } as InstanceType;

test.each([
  ['a string that contains a comment mark', { type: 'string', default: 'x # y' }, 'x # y'],
  ['a string of several lines', { type: 'string', default: 'a\n  b: "c"\n' }, 'a\n  b: "c"\n'],
  ['a list with a string of several lines', { type: 'array', items: { type: 'string' }, default: ['a\nb'] }, ['a\nb']],
  ['a map', { type: 'object', additionalProperties: { type: 'string' }, default: { 'a b': 'c' } }, { 'a b': 'c' }],
])(
  'the commented-out line of an optional field whose default is %s is valid YAML without its comment mark',
  (_what, schema, value) => {
    const properties = { first: { type: 'string' }, 'other.field': schema };
    const text = exampleInstance(APP, structuralSchema({ type: 'object', properties, required: ['first'] }));
    expect(text.split('\n').filter((line) => line.startsWith('  # '))).toHaveLength(1);
    expect(parse(text)).toMatchObject({ spec: { first: 'first' } });
    expect(parse(text.replace('  # ', '  '))).toMatchObject({ spec: { first: 'first', 'other.field': value } });
  },
);
