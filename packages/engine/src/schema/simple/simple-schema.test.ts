import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { SimpleSchema } from '../index.ts';
import type { SimpleSchemaError } from './simple-type.ts';

const errorsOf = (spec: JsonValue, types?: JsonValue): readonly SimpleSchemaError[] => {
  const result = SimpleSchema.parse(spec, types);
  return result.ok ? [] : result.errors;
};

describe('errors', () => {
  test('all errors are found, each with its path', () => {
    const found = errorsOf({ a: 'string | required=maybe minLength=x', b: { c: 'nope' }, d: 5 });
    expect(found.map(({ code, path, offset }) => [code, path, offset])).toEqual([
      ['simpleschema/marker-value', ['spec', 'a'], 9],
      ['simpleschema/marker-value', ['spec', 'a'], 24],
      ['simpleschema/unknown-type', ['spec', 'b', 'c'], 0],
      ['simpleschema/unexpected-value', ['spec', 'd'], undefined],
    ]);
  });

  test.each<[JsonValue, string]>([
    ['int', 'write integer'],
    ['number', 'write float'],
    ['String', 'write string'],
    ['string[]', 'write []string'],
    ['string required=true', 'separate type and markers by |: string | …'],
    ['strnig', 'did you mean string?'],
    ['string | requierd=true', 'did you mean required?'],
    ['string | minlength=1', 'did you mean minLength?'],
    ['Prot', 'did you mean Port?'],
    ['port', 'write Port'],
  ])('%j has the hint: %s', (field, hint) => {
    expect(errorsOf({ f: field }, { Port: 'integer' })[0]?.hint).toBe(hint);
  });

  test.each<[JsonObject, string]>([
    [{ type: 'string', enum: ['a', 'b'] }, 'string | enum="a,b"'],
    [{ type: 'string', enum: ['a"b', 'c\\d'] }, String.raw`string | enum="a\"b,c\\d"`],
    [{ type: 'string', enum: ['a', null], nullable: true }, 'string | enum="a"'],
    [{ type: 'integer', enum: [1, 2] }, 'integer | enum="1,2"'],
    [{ type: 'string', default: 'a"b' }, String.raw`string | default="a\\\"b"`],
    [{ type: 'string', default: 'a\nb' }, String.raw`string | default="a\\nb"`],
    [{ type: 'string', pattern: String.raw`^\d"$` }, String.raw`string | pattern="^\\d\"$"`],
    [
      { type: 'array', items: { type: 'string', minLength: 1 }, required: ['a'], title: 't', example: [], minItems: 1 },
      '[]string | minItems=1',
    ],
  ])('the hint for the JSON schema %j is the equivalent line: %s', (field, line) => {
    expect(errorsOf({ f: field }).map(({ hint }) => hint)).toEqual([`write f: ${line}`]);
    const read = SimpleSchema.parse({ f: line });
    const { enum: values, default: value, pattern } = (read.ok && read.schema.properties?.['f']) || {};
    for (const [key, member] of Object.entries({ enum: values, default: value, pattern })) {
      const expected = field[key];
      expect(member, key).toEqual(Array.isArray(expected) ? expected.filter((each) => each !== null) : expected);
    }
  });

  test.each<[JsonObject]>([
    [{ type: 'string', enum: ['a,b', 'c'] }],
    [{ type: 'string', enum: ['a', ' b'] }],
    [{ type: 'string', enum: [] }],
    [{ type: 'integer', enum: ['a'] }],
    [{ type: 'number', enum: [1.5, 2] }],
  ])('the hint for the JSON schema %j is no line, because the marker enum cannot list its values', (field) => {
    const hints = errorsOf({ f: field }).map(({ hint }) => hint ?? '');
    expect(hints.filter((hint) => hint.startsWith('write f: '))).toEqual([]);
  });

  test('an invalid type is not reported again where it is used', () => {
    const found = errorsOf({ a: 'T', b: '[]T' }, { T: 'string | bogus=1' });
    expect(found.map((error) => error.message)).toEqual([
      'building schema for T: invalid marker key "bogus": unknown marker: bogus',
    ]);
  });

  test.each<[JsonValue, JsonValue, string]>([
    [
      'string',
      {},
      'failed to unmarshal spec schema: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type map[string]interface {}',
    ],
    [
      {},
      'x',
      'failed to unmarshal predefined types: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type map[string]interface {}',
    ],
    [
      [],
      {},
      'failed to unmarshal spec schema: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
  ])('blocks that are not maps are refused: %j, %j', (spec, types, message) => {
    expect(errorsOf(spec, types)[0]?.message).toBe(message);
  });

  test('a default that is not JSON is an error only if it is used and not overridden', () => {
    expect(errorsOf({ f: 'boolean | default=True' })).toMatchObject([{ unwritable: true }]);
    expect(errorsOf({ f: 'boolean | default=True default=true' })).toEqual([]);
    expect(errorsOf({ f: 'T | default=true' }, { T: 'boolean | default=True' })).toEqual([]);
    expect(errorsOf({ f: 'string' }, { T: 'boolean | default=True' })).toEqual([]);
    expect(errorsOf({ f: { g: '[]T' } }, { T: 'boolean | default=True' })).toMatchObject([{ unwritable: true }]);
  });
});

describe('a field', () => {
  test.each<[string, JsonValue, JsonValue, JsonValue]>([
    [
      'has null for an empty default of a list',
      '[]string | default=',
      {},
      { type: 'array', items: { type: 'string' }, default: null },
    ],
    [
      'is listed once in required if its type is a required alias of a required alias',
      'B',
      { A: 'string | required=true', B: 'A | required=true' },
      { type: 'string' },
    ],
    ['has a backslash in an enum value', 'string | enum="a\\\\b"', {}, { type: 'string', enum: ['a\\b'] }],
  ])('%s', (_name, field, types, expected) => {
    const result = SimpleSchema.parse({ f: field }, types);
    expect(result.ok && result.schema.properties?.['f']).toEqual(expected);
    expect(result.ok && (result.schema.required?.length ?? 0)).toBeLessThan(2);
  });

  test('is an error when kro cannot write its enum value as JSON', () => {
    expect(errorsOf({ f: 'string | enum="a\u0001"' })).toMatchObject([{ unwritable: true }]);
    expect(errorsOf({ f: 'string | enum="a\tb"' })).toEqual([]);
  });

  test('that is a number is an error with the name of the Go type', () => {
    expect(errorsOf({ f: 1e300 })[0]?.message).toBe('field f: unexpected type: float64');
  });
});

describe('hostile input', () => {
  test('types that would expand to too many fields are refused', () => {
    const types: JsonObject = { T0: { a: 'string' } };
    for (let level = 1; level < 60; level += 1) types[`T${level}`] = { a: `T${level - 1}`, b: `T${level - 1}` };
    expect(errorsOf({ f: 'T59' }, types)[0]?.code).toBe('simpleschema/too-large');
  });

  test('a long chain of types, and deeply nested fields, are refused because of their depth', () => {
    const types: JsonObject = { T0: 'string' };
    for (let level = 1; level < 5000; level += 1) types[`T${level}`] = `[]T${level - 1}`;
    expect(errorsOf({ f: 'T4999' }, types)[0]?.code).toBe('simpleschema/too-large');
    let block: JsonObject = { a: 'string' };
    for (let level = 0; level < 5000; level += 1) block = { a: block };
    expect(errorsOf(block)[0]?.code).toBe('simpleschema/too-large');
    expect(errorsOf({}, { T: block })[0]?.code).toBe('simpleschema/too-large');
  });

  test('a long line is parsed in linear time', () => {
    const started = performance.now();
    expect(errorsOf({ f: `string | ${'default="x" '.repeat(50_000)}` })).toHaveLength(1);
    expect(errorsOf({ f: `string | ${'{'.repeat(500_000)}=` })).toHaveLength(1);
    expect(errorsOf({ f: `string | ${' '.repeat(150_000)}x` })).toHaveLength(1);
    expect(errorsOf({ f: `string | description="${String.raw`\"`.repeat(100_000)}` })).toHaveLength(1);
    expect(errorsOf({ f: `string | x${' , required'.repeat(30_000)}` })).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('names of Object.prototype are ordinary names', () => {
    const spec = JSON.parse('{"__proto__":"string","constructor":"toString"}') as JsonObject;
    expect(errorsOf(spec).map((error) => error.message)).toEqual(['field constructor: unknown type: toString']);
    const result = SimpleSchema.parse(JSON.parse('{"__proto__":"integer"}') as JsonObject);
    expect(result.ok && Object.keys(result.schema.properties ?? {})).toEqual(['__proto__']);
  });

  test('no input causes an exception', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc
        .array(
          fc.constantFrom(
            'string',
            'integer',
            '[]',
            'map[string]',
            '|',
            ' ',
            'default',
            '=',
            '"',
            '\\',
            '{',
            '}',
            '[',
            ']',
            'enum',
            '1',
            ',',
            'required',
            'true',
            'T',
            '(',
            'pattern',
            '\n',
          ),
          { maxLength: 12 },
        )
        .map((parts) => parts.join('')),
    );
    const { block } = fc.letrec<{ block: JsonValue }>((tie) => ({
      block: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.constantFrom<JsonValue>(null, true, 1, 1.5, []),
        fc.dictionary(fc.constantFrom('T', 'U', 'a', '__proto__', ''), tie('block'), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
    }));
    fc.assert(
      fc.property(block, block, (spec, types) => {
        const result = SimpleSchema.parse(spec, types);
        expect(result.ok || result.errors.length > 0).toBe(true);
        expect(SimpleSchema.parse(spec, types)).toEqual(result);
      }),
      { numRuns: 3000 },
    );
  });
});
