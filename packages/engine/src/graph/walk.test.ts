import { describe, expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import type { Schema } from '../schema/index.ts';
import { walkFreely, walkWithSchema } from './walk.ts';

const schema: Schema = {
  type: 'object',
  properties: {
    text: { type: 'string' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    loose: { type: 'object', additionalProperties: true },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    list: { type: 'array', items: { type: 'string' } },
    bare: { type: 'array' },
    hole: {},
  },
};

describe('a value that does not match the schema', () => {
  test.each<[JsonValue, string]>([
    [{ text: 1 }, 'expected string type for path text, got integer'],
    [{ text: true }, 'expected string type for path text, got boolean'],
    [{ text: [] }, 'expected string type for path text, got array'],
    [{ text: {} }, 'expected string type for path text, got object'],
    [{ count: 2n ** 63n }, 'expected integer type for path count, got float64'],
    [{ count: 1e19 }, 'expected integer type for path count, got float64'],
    [{ count: 1.5 }, 'expected integer type for path count, got float64'],
    [{ count: 'x' }, 'expected integer type for path count, got string'],
    [{ count: 'a${x}' }, 'expected integer type for path count, got string'],
    [{ port: 1.5 }, 'expected string or integer type for path port, got float64'],
    [{ labels: { 'a.b': 1 } }, 'expected string type for path labels["a.b"], got integer'],
    [{ list: ['a', 1] }, 'expected string type for path list[1], got integer'],
    [{ nope: 1 }, 'error getting field schema for path .nope: schema not found for field nope'],
    [{ hole: 1 }, 'schema at path hole has no valid type, OneOf, AnyOf, or AdditionalProperties'],
    [{ loose: { a: 1 } }, 'schema at path loose.a has no valid type, OneOf, AnyOf, or AdditionalProperties'],
    [{ bare: [1] }, 'invalid array schema for path bare: neither Items.Schema nor Properties are defined'],
    [{ ['__proto__']: 1 }, 'error getting field schema for path .__proto__: schema not found for field __proto__'],
  ])('is refused with: $1', (value, kro) =>
    expect(walkWithSchema(value, schema).problems.map((each) => each.kro)).toEqual([kro]),
  );
});

test('an expression in an expression is refused, with and without a schema', () => {
  const nested = { text: '${a ${b}}' };
  const kro = 'nested expressions are not allowed unless inside string literals';
  expect(walkWithSchema(nested, schema).problems.map((each) => each.kro)).toEqual([kro]);
  expect(walkFreely(nested).problems.map((each) => each.kro)).toEqual([kro]);
});

test.each<[JsonValue]>([
  [{ text: 'a', count: 1.0, ratio: 1, port: 'http', labels: { a: 'b' }, free: { a: [1, { b: 'x' }] }, list: [] }],
  [{ count: 2n ** 63n - 1n }],
  [{ text: null, list: null, labels: null }],
  [{ count: '${x}', labels: '${y}', list: ['${z}'] }],
])('%o matches the schema', (value) => expect(walkWithSchema(value, schema).problems).toEqual([]));

test('all problems are found, with hints', () => {
  const { problems } = walkWithSchema({ txt: 'a', count: '5', text: 3 }, schema);
  expect(problems.map((each) => [each.code, each.hint])).toEqual([
    ['graph/unknown-field', 'did you mean "text"?'],
    ['graph/literal-type', 'remove the quotes: 5'],
    ['graph/literal-type', 'quote it: "3"'],
  ]);
});

test('expressions are replaced by null in a copy of the value', () => {
  const value = { text: 'x-${a}', free: { deep: ['${b}', 'plain'] }, list: ['plain'] };
  const { skeleton, fields } = walkWithSchema(value, schema);
  expect(skeleton).toEqual({ text: null, free: { deep: [null, 'plain'] }, list: ['plain'] });
  expect(fields.map((field) => [field.pathText, field.text.cel])).toEqual([
    ['text', '"x-" + (a)'],
    ['free.deep[0]', 'b'],
  ]);
  expect(value.text).toBe('x-${a}');
});

test('without a schema, every string may contain an expression', () => {
  const { fields } = walkFreely({ a: { 'b.c': '${x}' }, d: [1, '${y}'] });
  expect(fields.map((field) => field.pathText)).toEqual(['a["b.c"]', 'd[1]']);
});

test('a string that is parsed only once is still reported at each of its paths', () => {
  const texts = new Map();
  const walk = (value: JsonValue) => walkWithSchema(value, schema, { base: ['root'], texts });
  walk({ text: 'x-${a}' });
  const { fields, problems } = walk({ text: 'x-${a}', count: 'x-${a}', labels: { k: 'x-${a}' } });
  expect(fields.map((field) => [field.path, field.text.cel])).toEqual([
    [['root', 'text'], '"x-" + (a)'],
    [['root', 'count'], '"x-" + (a)'],
    [['root', 'labels', 'k'], '"x-" + (a)'],
  ]);
  expect(problems.map((each) => each.kro)).toEqual(['expected integer type for path count, got string']);
});
