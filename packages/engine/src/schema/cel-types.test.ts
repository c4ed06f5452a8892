import { describe, expect, test } from 'vitest';
import { kroEnvironment, typeToString } from '@typekro/cel';
import { type Schema, CelTypes } from './index.ts';
import { celType } from './cel-types.ts';

const STRING: Schema = { type: 'string' };

describe('the type of a schema', () => {
  test.each<[string, Schema, string | undefined]>([
    ['a date', { type: 'string', format: 'date' }, 'google.protobuf.Timestamp'],
    ['a format named like a member of Object', { type: 'string', format: 'constructor' }, 'string'],
    ['an int-or-string', { 'x-kubernetes-int-or-string': true }, 'dyn'],
    ['a list of objects', { type: 'array', items: { type: 'object', properties: {} } }, 'list(t.@idx)'],
    ['a list without items', { type: 'array' }, undefined],
    ['a map', { type: 'object', additionalProperties: { type: 'integer' } }, 'map(string, int)'],
    ['a map whose values have no type', { type: 'object', additionalProperties: {} }, 'map(string, dyn)'],
    ['no type', {}, undefined],
  ])('is the expected CEL type for %s', (_name, schema, expected) => {
    const type = celType(schema, 't');
    expect(type === undefined ? undefined : typeToString(type)).toBe(expected);
  });
});

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    name: STRING,
    'a-b': STRING,
    namespace: STRING,
    when: { type: 'string', format: 'date-time' },
    ratio: { type: 'number' },
    odd: { type: 'string', format: 'toString' },
    tags: { type: 'array', items: STRING, 'x-kubernetes-list-type': 'set' },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

const declared = CelTypes.of({ obj: { schema: SCHEMA }, all: { listOf: SCHEMA } });
const environment = kroEnvironment({ variables: declared.variables, types: declared.types });

function run(text: string, obj: unknown): unknown {
  const compiled = environment.compile(text);
  if (!compiled.ok) return compiled.text.split('\n')[0];
  const result = compiled.program.evaluate({ obj, all: [obj] });
  return result.ok ? result.value : result.error.message;
}

describe('data that is read with its schema', () => {
  test.each<[string, unknown, unknown]>([
    ['obj.a__dash__b + obj.namespace', { 'a-b': 'x', namespace: 'y' }, 'xy'],
    ['obj.`a-b`', {}, "ERROR: <input>:1:4: undefined field 'a-b'"],
    ['obj.nope', {}, "ERROR: <input>:1:4: undefined field 'nope'"],
    ['obj.name', { name: null }, 'no such key: name'],
    ['obj.name', { name: 1 }, 'invalid data, expected string, got int64'],
    ['obj.ratio * 2.0', { ratio: 1 }, 2],
    ['obj.odd + "y"', { odd: 'x' }, 'xy'],
    ['obj.when.getFullYear()', { when: '2026-01-01T00:00:00Z' }, 2026],
    ['obj.tags == ["b", "a"]', { tags: ['a', 'b'] }, true],
    ['["b", "a"] == obj.tags', { tags: ['a', 'b'] }, false],
    ['(obj.tags + ["a", "c"]).size()', { tags: ['a', 'b'] }, 3],
    ['obj.free.x.y', { free: { x: { y: 5 } } }, 5],
    ['all.map(o, o.name)[0]', { name: 'n' }, 'n'],
  ])('%s of %o is %s', (text, obj, expected) => {
    const value = run(text, obj);
    expect(typeof value === 'object' && value !== null && 'value' in value ? value.value : value).toEqual(expected);
  });
});

test('the types of a recursive schema are built on demand', () => {
  const node: { -readonly [K in keyof Schema]: Schema[K] } = { type: 'object' };
  node.properties = { name: STRING, children: { type: 'array', items: node } };
  const { variables, types } = CelTypes.of({ tree: { schema: node } });
  const compiled = kroEnvironment({ variables, types }).compile('tree.children[0].children[0].name');
  expect(compiled.ok).toBe(true);
  if (!compiled.ok) return;
  const data = { tree: { children: [{ children: [{ name: 'leaf' }] }] } };
  expect(compiled.program.evaluate(data)).toEqual({ ok: true, value: 'leaf' });
  expect(types.fieldNames('__type_tree.children.@idx')).toEqual(['name', 'children']);
});
