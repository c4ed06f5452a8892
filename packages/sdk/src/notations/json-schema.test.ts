import { describe, expect, test } from 'vitest';
import { DOUBLE, kroEnvironment } from '@typekro/cel';
import type { JsonObject } from '@typekro/kit/core';
import { fromJsonSchema } from './json-schema.ts';
import { fromStandardSchema } from './standard-schema.ts';
import { toSimpleSchema } from './simple-emit.ts';
import type { Schema } from '@typekro/engine/schema';
import type { SimpleValue } from './simple-emit-names.ts';

const withField = (a: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties: { a },
  ...more,
});

/** The SimpleSchema of a field with a JSON schema, or the codes and messages of the problems. */
function fieldOf(a: JsonObject, more: JsonObject = {}): SimpleValue | readonly string[] {
  const read = fromJsonSchema(withField(a, more));
  const written = read.ok ? toSimpleSchema(read.schema) : read;
  if (!written.ok) return written.diagnostics.map(({ code, message }) => `${code} ${message}`);
  const value = written.spec['a'];
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function nodeOf(a: JsonObject, more: JsonObject = {}): Schema | undefined {
  const read = fromJsonSchema(withField(a, more));
  return read.ok ? read.schema.properties?.['a'] : undefined;
}

const warningsOf = (a: JsonObject): string[] => fromJsonSchema(withField(a)).diagnostics.map(({ message }) => message);

test.each<[string, JsonObject, SimpleValue]>([
  [
    'an exact default beyond 2^53',
    { type: 'integer', default: 9007199254740994 },
    'integer | default=9007199254740994',
  ],
  ['a bigint', { type: 'integer', default: 9223372036854774784n }, 'integer | default=9223372036854774784'],
  ['a number with a fraction', { type: 'number', default: 1e20 }, 'float | default=100000000000000000000'],
])('%s is kept', (_what, schema, expected) => {
  expect(fieldOf(schema)).toEqual(expected);
});

const LARGE = 9223372036854774784;
test.each<[string, JsonObject]>([
  ['a field', { type: 'integer', default: LARGE }],
  ['a list', { type: 'array', items: { type: 'integer' }, default: [1, LARGE] }],
  ['a map', { type: 'object', additionalProperties: { type: 'integer' }, default: { x: LARGE } }],
  ['an object', { type: 'object', properties: { x: { type: 'integer' } }, default: { x: LARGE } }],
])('a default of %s that the definition would hold as another integer is refused', (_what, schema) => {
  expect(fieldOf(schema)).toEqual([
    'schema/default field a: the default 9223372036854774784 is not exact as a number of JavaScript in a definition',
  ]);
});

describe('references', () => {
  const $defs: JsonObject = {
    Name: { type: 'string', maxLength: 9 },
    Alias: { $ref: '#/$defs/Name' },
    'List<Name>': { type: 'array', items: { $ref: '#/$defs/Name' } },
    Anchored: { $anchor: 'here', type: 'integer' },
  };
  test.each<[string, JsonObject, SimpleValue]>([
    ['a keyword next to a reference', { $ref: '#/$defs/Name', minLength: 2 }, 'string | minLength=2 maxLength=9'],
    ['an escaped name', { $ref: '#/$defs/List%3CName%3E' }, '[]Name'],
    ['an anchor', { $ref: '#here' }, 'integer'],
    [
      'an intersection with an alias',
      { allOf: [{ $ref: '#/$defs/Alias' }, { minLength: 2 }] },
      'string | minLength=2 maxLength=9',
    ],
  ])('become the expected field: %s', (_name, schema, expected) => {
    expect(fieldOf(schema, { $defs })).toEqual(expected);
  });

  test.each<[string, JsonObject]>([
    ['#nowhere', { $ref: '#nowhere' }],
    ['#/$defs/Lost', { allOf: [{ $ref: '#/$defs/Lost' }] }],
    ['#/$defs/%', { $ref: '#/$defs/%' }],
  ])('%s has no target', (reference, schema) => {
    expect(fieldOf(schema, { $defs })).toEqual([
      `schema/unknown-reference field a: the reference ${reference} has no target`,
    ]);
  });

  test('null next to a reference is kept', () => {
    expect(nodeOf({ $ref: '#/$defs/Name', nullable: true }, { $defs })?.nullable).toBe(true);
  });

  test('a map type of a definition is kept', () => {
    const definitions: JsonObject = { M: { type: 'object', 'x-kubernetes-map-type': 'atomic' } };
    expect(nodeOf({ $ref: '#/definitions/M' }, { definitions })?.['x-kubernetes-map-type']).toBe('atomic');
  });

  test.each<[string, JsonObject]>([
    ['a nullable part', { anyOf: [{ $ref: '#' }, { type: 'null' }] }],
    ['a part that may be absent', { anyOf: [{ $ref: '#' }, { 'x-typekro-absent': true }] }],
  ])('%s that contains the whole schema is recursive', (_name, schema) => {
    expect(fieldOf(schema)).toEqual([expect.stringContaining('schema/recursive')]);
    expect(nodeOf(schema)?.properties?.['a']).toBeDefined();
  });

  test('a definition that consists of itself is refused', () => {
    const definitions: JsonObject = { A: { allOf: [{ $ref: '#/definitions/A' }] } };
    expect(fieldOf({ $ref: '#/definitions/A' }, { definitions })).toEqual([expect.stringContaining('schema/too-deep')]);
  });

  test('a schema whose JavaScript object contains itself is read in linear time', () => {
    const part: JsonObject = { type: 'object' };
    part['properties'] = { x: part, y: part, z: part };
    expect(fromStandardSchema(part).ok).toBe(true);
  });
});

describe('intersections', () => {
  test.each<[string, JsonObject, SimpleValue]>([
    [
      'two patterns and an explicit rule',
      {
        allOf: [{ type: 'string', pattern: '^a' }, { pattern: String.raw`^(?!ab)\/\u0061` }],
        'x-kubernetes-validations': [{ rule: "self != 'x'" }],
      },
      String.raw`string | pattern="^a" validation="self != 'x'" validation="self.matches(\"^/\\\\x{0061}\")" validation="!self.matches(\"^(?:ab)\")"`,
    ],
    [
      'annotations that differ',
      {
        allOf: [
          { $id: 'A', type: 'string', examples: ['a'] },
          { $id: 'B', examples: ['b'] },
        ],
      },
      'string',
    ],
    [
      'a default next to another default',
      { default: 'x', allOf: [{ type: 'string', default: 'y' }] },
      'string | default="x"',
    ],
    [
      'intersections of intersections',
      { allOf: [{ allOf: [{ type: 'string' }, { minLength: 1 }] }, { allOf: [{ maxLength: 5 }] }] },
      'string | minLength=1 maxLength=5',
    ],
    ['an enum and a constant', { allOf: [{ enum: ['x', 'y'] }, { const: 'x' }] }, 'string | enum="x"'],
    [
      'two divisors',
      { allOf: [{ type: 'integer', multipleOf: 2 }, { multipleOf: 6 }] },
      'integer | validation="self % 6 == 0"',
    ],
    [
      'two schemas of the values of a map',
      {
        type: 'object',
        allOf: [{ additionalProperties: { type: 'string' } }, { additionalProperties: { maxLength: 5 } }],
      },
      'map[string]A',
    ],
    [
      'an intersection beside alternatives',
      { allOf: [{ type: 'string' }], anyOf: [{ const: 'x' }, { const: 'y' }] },
      'string | enum="x,y"',
    ],
  ])('become the expected field: %s', (_name, schema, expected) => {
    expect(fieldOf(schema)).toBe(expected);
  });

  const text = { type: 'string' };
  const closed = { type: 'object', properties: { x: text }, additionalProperties: false };
  test.each<[string, JsonObject, Schema]>([
    [
      'a closed part and a part with an optional property',
      { allOf: [closed, { properties: { x: { minLength: 1 }, y: text } }] },
      { type: 'object', properties: { x: { type: 'string', minLength: 1 } }, additionalProperties: false },
    ],
    [
      'a property and a closed part after it',
      { type: 'object', properties: { y: text }, allOf: [closed] },
      { type: 'object', properties: { x: { type: 'string' } }, additionalProperties: false },
    ],
    [
      'a closed part and a map',
      { allOf: [closed, { additionalProperties: { maxLength: 5 } }] },
      { type: 'object', properties: { x: { type: 'string', maxLength: 5 } }, additionalProperties: false },
    ],
    [
      'a map and a property',
      { type: 'object', properties: { y: { minLength: 1 } }, allOf: [{ additionalProperties: text }] },
      { type: 'object', properties: { y: { type: 'string', minLength: 1 } }, additionalProperties: { type: 'string' } },
    ],
    [
      'a closed part next to unevaluatedProperties',
      { allOf: [closed], unevaluatedProperties: false },
      { type: 'object', properties: { x: { type: 'string' } }, additionalProperties: false },
    ],
    [
      'a part that is nullable and a part that is not',
      { allOf: [{ ...text, nullable: true }, text] },
      { type: 'string' },
    ],
    ['a type and a part that is nullable', { ...text, allOf: [{ nullable: true }] }, { type: 'string' }],
    [
      'nullable parts',
      {
        allOf: [
          { ...text, nullable: true },
          { ...text, nullable: true, minLength: 1 },
        ],
      },
      { type: 'string', nullable: true, minLength: 1 },
    ],
    [
      'a nullable part and a part without a type',
      { allOf: [{ ...text, nullable: true }, { minLength: 1 }] },
      { type: 'string', nullable: true, minLength: 1 },
    ],
    [
      'a nullable part and constants',
      { allOf: [{ ...text, nullable: true }, { enum: ['x'] }] },
      { type: 'string', enum: ['x'] },
    ],
    [
      'a nullable schema and its parts',
      { nullable: true, allOf: [text, { minLength: 1 }] },
      { type: 'string', nullable: true, minLength: 1 },
    ],
    ['a type with null and the type without null', { allOf: [{ type: ['string', 'null'] }, text] }, { type: 'string' }],
    [
      'two types with null',
      { allOf: [{ type: ['string', 'null'] }, { type: ['null', 'string', 'integer'] }] },
      { type: 'string', nullable: true },
    ],
    ['alternatives with null and a type', { allOf: [{ anyOf: [text, { type: 'null' }] }, text] }, { type: 'string' }],
  ])('have the expected schema: %s', (_name, schema, expected) => {
    expect(nodeOf(schema)).toEqual(expected);
  });

  test.each<[string, JsonObject]>([
    ['a closed part and a required property', { allOf: [closed, { properties: { y: text }, required: ['y'] }] }],
    [
      'a closed part that requires a property',
      { allOf: [{ ...closed, required: ['y'] }, { properties: { y: text } }] },
    ],
    ['different types', { allOf: [{ type: ['string', 'null'] }, { type: 'integer' }] }],
  ])('are refused when they contradict each other: %s', (_name, schema) => {
    expect(fieldOf(schema)).toEqual([
      'schema/intersection field a: the parts of the intersection contradict each other',
    ]);
  });

  test('have a warning for a property that a closed part forbids', () => {
    expect(warningsOf({ allOf: [closed, { properties: { y: text } }] })).toEqual([
      'field a: the property y is left out, because a part of the intersection allows no additional properties',
    ]);
  });

  test('keep all their warnings without duplicates', () => {
    const schema = {
      if: {},
      allOf: [
        { type: 'string', 'x-typekro-notes': ['one', 'two'] },
        { type: 'string', 'x-typekro-notes': ['two', 'three'] },
      ],
    };
    expect(warningsOf(schema)).toEqual([
      'field a: one',
      'field a: two',
      'field a: three',
      'field a: `if` has no structural form and is not enforced',
    ]);
  });
});

describe('alternatives', () => {
  test.each<[string, JsonObject, SimpleValue]>([
    [
      'of required fields',
      {
        type: 'object',
        properties: { x: { type: 'string' }, y: { type: 'integer' } },
        anyOf: [{ required: ['x'] }, { required: ['y'] }],
      },
      'A | validation="(has(self.x)) || (has(self.y))"',
    ],
    [
      'of fields next to common fields',
      {
        type: 'object',
        properties: { kind: { type: 'string' } },
        required: ['kind'],
        oneOf: [
          { properties: { kind: { const: 'x' }, x: { type: 'string' } } },
          { properties: { kind: { const: 'y' }, y: { type: 'string' } }, required: ['y'] },
        ],
      },
      String.raw`A | validation="(self.kind == \"x\") || (has(self.y) && self.kind == \"y\")"`,
    ],
    [
      'of a string with its own type',
      { type: 'string', maxLength: 9, anyOf: [{ minLength: 5 }, { pattern: '^x' }] },
      String.raw`string | maxLength=9 validation="(self.size() >= 5 && self.size() <= 9) || (self.matches(\"^x\") && self.size() <= 9)"`,
    ],
    [
      'of formats',
      {
        anyOf: [
          { type: 'string', format: 'cidr' },
          { type: 'string', format: 'byte', maxLength: 8 },
        ],
      },
      expect.stringMatching(
        /^string \| validation="\(isCIDR\(self\)\) \|\| \(self\.matches\(.*\) && self\.size\(\) <= 8\)"$/,
      ) as string,
    ],
    [
      'of patterns with another syntax in RE2',
      {
        anyOf: [
          { type: 'string', pattern: String.raw`^\u0061` },
          { type: 'string', pattern: '^(?!b)c' },
        ],
      },
      String.raw`string | validation="(self.matches(\"^\\\\x{0061}\")) || (self.matches(\"^c\") && !self.matches(\"^(?:b)\"))"`,
    ],
    [
      'of divisors',
      {
        anyOf: [
          { type: 'integer', multipleOf: 2 },
          { type: 'integer', multipleOf: 3 },
        ],
      },
      'integer | validation="(self % 2 == 0) || (self % 3 == 0)"',
    ],
  ])('become the expected field: %s', (_name, schema, expected) => {
    expect(fieldOf(schema)).toEqual(expected);
  });
});

describe('restrictions that a cluster does not enforce', () => {
  test.each<[string, JsonObject, string[]]>([
    ['not', { type: 'string', not: { const: 'x' } }, ['field a: `not` has no structural form and is not enforced']],
    [
      'the length of names',
      { type: 'object', propertyNames: { type: 'string', minLength: 1 }, additionalProperties: { type: 'string' } },
      ['field a: names of members are not checked against {"minLength":1}'],
    ],
    [
      'uniqueItems of a list of objects',
      { type: 'array', uniqueItems: true, items: { type: 'object', properties: { x: { type: 'string' } } } },
      ['field a: the list may contain equal objects, because the API server compares only scalars and lists'],
    ],
  ])('have the expected warning: %s', (_name, schema, expected) => {
    expect(warningsOf(schema)).toEqual(expected);
  });

  test('a list of objects does not become a set', () => {
    expect(nodeOf({ type: 'array', uniqueItems: true, items: { type: 'string' } })?.['x-kubernetes-list-type']).toBe(
      'set',
    );
    expect(
      nodeOf({ type: 'array', uniqueItems: true, items: { type: 'object' } })?.['x-kubernetes-list-type'],
    ).toBeUndefined();
  });
});

test('a field that is always null is refused with its own code', () => {
  expect(fieldOf({ type: 'null' })).toEqual(['schema/null-only field a: only null is allowed here']);
});

test.each<[string, JsonObject, SimpleValue]>([
  [
    'a number',
    { type: 'number', multipleOf: 0.01 },
    'float | validation="[self / 0.01].all(q, [q - double(int(q + (q < 0.0 ? -0.5 : 0.5)))].all(r, r * r < 1e-18 * (1.0 + q * q)))"',
  ],
  ['an integer', { type: 'integer', multipleOf: 1.5 }, expect.stringContaining('"[double(self) / 1.5].all(') as string],
])('a multipleOf that is a fraction becomes a rule: %s', (_name, schema, expected) => {
  expect(fieldOf(schema)).toEqual(expected);
});

test('the rule for multipleOf accepts multiples with a rounding error, and no other numbers', () => {
  const { environment, rule } = ruleOf(fieldOf({ type: 'number', multipleOf: 0.01 }));
  const compiled = environment.compile(rule);
  if (!compiled.ok) throw new Error(compiled.text);
  const check = (self: number) => compiled.program.evaluate({ self });
  for (const self of [0, 0.07, 0.29, 1.1, -0.07, 19.99, 1_000_000.07, 5])
    expect(check(self), String(self)).toEqual({ ok: true, value: true });
  for (const self of [0.075, -0.001, 19.995]) expect(check(self), String(self)).toEqual({ ok: true, value: false });
});

function ruleOf(field: SimpleValue | readonly string[]) {
  const [, rule = ''] = /validation="(.*)"$/.exec(String(field)) ?? [];
  return { environment: kroEnvironment({ variables: { self: { type: DOUBLE } } }), rule };
}
