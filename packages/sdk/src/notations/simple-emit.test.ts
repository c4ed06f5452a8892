import fc from 'fast-check';
import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { z } from 'zod';
import { formatConstraint } from './simple-emit-cel.ts';
import { fromJsonSchema } from './json-schema.ts';
import { fromStandardSchema } from './standard-schema.ts';
import { type Schema, SimpleSchema } from '@typekro/engine/schema';
import { type SimpleEmitOptions, toSimpleSchema } from './simple-emit.ts';
import type { SimpleBlock, SimpleValue } from './simple-emit-names.ts';

function emit(schema: unknown, options?: SimpleEmitOptions): { spec: SimpleBlock; types: SimpleBlock } {
  const read = fromStandardSchema(schema);
  if (!read.ok) throw new Error(read.diagnostics.map((diagnostic) => diagnostic.message).join('\n'));
  const written = toSimpleSchema(read.schema, options);
  if (!written.ok) throw new Error(written.diagnostics.map((diagnostic) => diagnostic.message).join('\n'));
  return { spec: written.spec, types: written.types };
}

/** The first error of the conversion of a type. */
function complaint(schema: unknown): string | undefined {
  const read = fromStandardSchema(schema);
  const result = read.ok ? toSimpleSchema(read.schema) : read;
  return result.ok ? undefined : result.diagnostics.find((diagnostic) => diagnostic.severity === 'error')?.message;
}

describe('arktype', () => {
  test.each<[string, unknown, SimpleValue]>([
    ['string', type('string'), 'string | required=true'],
    ['integer', type('number.integer'), 'integer | required=true'],
    ['divisible by 1', type('number%1'), 'integer | required=true'],
    ['number', type('number'), 'float | required=true'],
    ['bounds', type('1<=number.integer<=10'), 'integer | required=true minimum=1 maximum=10'],
    ['exclusive bounds of integers', type('0<number.integer<10'), 'integer | required=true minimum=1 maximum=9'],
    [
      'exclusive bounds of numbers',
      type('0<number<10'),
      'float | required=true validation="self > 0.0" validation="self < 10.0"',
    ],
    ['divisor', type('number%5'), 'integer | required=true validation="self % 5 == 0"'],
    ['lengths', type('1<=string<=63'), 'string | required=true minLength=1 maxLength=63'],
    ['pattern', type(/^[a-z]+\d$/), String.raw`string | required=true pattern="^[a-z]+\\d$"`],
    [
      'look-ahead at the start',
      type(/^(?!x$)[a-z]+$/),
      String.raw`string | required=true pattern="^[a-z]+$" validation="!self.matches(\"^(?:x$)\")"`,
    ],
    ['pattern with a flag', type(/^[a-z]+$/i), 'string | required=true pattern="^[A-Za-z]+$"'],
    ['pattern with white space', type(/^\s$/), String.raw`string | required=true pattern="^[\\s\\v\\pZ\\x{FEFF}]$"`],
    ['enum of strings', type('"b"|"a"'), 'string | required=true enum="a,b"'],
    ['enum of numbers', type('1|2|3'), 'integer | required=true enum="1,2,3"'],
    ['enum of fractions', type('1.5|2'), 'float | required=true validation="self in [1.5, 2.0]"'],
    ['enum with a comma', type('"a,b"|"c"'), String.raw`string | required=true validation="self in [\"a,b\", \"c\"]"`],
    ['literal number', type('5'), 'integer | required=true enum="5"'],
    ['literal true', type('true'), 'boolean | required=true validation="self == true"'],
    ['string or undefined', type('string|undefined'), 'string'],
    ['string or null', type('string|null'), 'string'],
    ['list', type('string[]>=1'), '[]string | required=true minItems=1'],
    ['list of lists', type('string[][]'), '[][]string | required=true'],
    ['list of an enum', type('("a"|"b")[]'), '[]Field | required=true'],
    ['map', type('Record<string, number.integer>'), 'map[string]integer | required=true'],
    ['map of objects', type({ '[string]': { a: 'string' } }), 'map[string]Field | required=true'],
    ['free object', type('object'), 'object | required=true'],
    ['map of any values', type('Record<string, unknown>'), 'object | required=true'],
    ['description', type('string').describe('a name'), 'string | required=true description="a name"'],
    ['uuid', type('string.uuid'), expect.stringMatching(/^string \| required=true validation=/)],
    ['brand', type('string#name'), 'string | required=true'],
  ])('a field is written as SimpleSchema: %s', (_name, field, expected) => {
    expect(emit(type({ field: field as never })).spec).toEqual({ field: expected });
  });

  test('optional fields and defaults are kept, also inside lists and nested objects', () => {
    const schema = type({
      'a?': 'string',
      b: 'string = "x"',
      c: 'number.integer = 3',
      d: 'boolean = true',
      e: type('string[]').default(() => ['q']),
      f: type({ g: 'number = 1.5', 'h?': 'string' }).array(),
    });
    expect(emit(schema)).toEqual({
      spec: {
        f: '[]F | required=true',
        a: 'string',
        b: 'string | default="x"',
        c: 'integer | default=3',
        d: 'boolean | default=true',
        e: '[]string | default=["q"]',
      },
      types: { F: { h: 'string', g: 'float | default=1.5' } },
    });
  });

  test('arrays of objects become named types, and equal types share a name', () => {
    const port = type({ port: 'number.integer', 'name?': 'string' });
    expect(emit(type({ ports: port.array(), 'others?': port.array() }))).toEqual({
      spec: { ports: '[]Port | required=true', others: '[]Port' },
      types: { Port: { port: 'integer | required=true', name: 'string' } },
    });
  });

  test('a required nested object becomes a named type, and an optional one stays nested', () => {
    const nested = { a: { b: 'string' }, 'c?': { d: 'string' } } as const;
    expect(emit(type(nested))).toEqual({
      spec: { a: 'A | required=true', c: { d: 'string | required=true' } },
      types: { A: { b: 'string | required=true' } },
    });
    expect(emit(type(nested), { nested: 'inline' })).toEqual({
      spec: { a: { b: 'string | required=true' }, c: { d: 'string | required=true' } },
      types: {},
    });
  });

  test('a union of objects becomes one type with a rule', () => {
    const union = type({ kind: '"a"', x: 'string' }).or({ kind: '"b"', y: 'number' });
    expect(emit(type({ u: union }))).toEqual({
      spec: {
        u: String.raw`U | required=true validation="(has(self.x) && self.kind == \"a\") || (has(self.y) && self.kind == \"b\")"`,
      },
      types: { U: { kind: 'string | required=true enum="a,b"', x: 'string', y: 'float' } },
    });
  });

  test.each<[string, unknown, RegExp]>([
    ['look-ahead after the start of a pattern', type(/^a(?=b)/), /^field f: .* has look-around/],
    ['look-behind', type(/^a(?<=a)/), /^field f: .* has look-around/],
    ['back-reference', type(/^(a)\1/), /^field f: .* has a back reference/],
    ['mixed constants', type('1|"a"'), /^field f: SimpleSchema has no type for string or integer/],
    ['string or number', type('string|number'), /^field f: SimpleSchema has no type for number or string/],
    ['the type unknown', type('unknown'), /^field f: SimpleSchema has no type for "any value"/],
    ['the type never', type('never'), /^field f: no value is allowed/],
    [
      'object with an index',
      type({ a: 'string', '[string]': 'string' }),
      /^field f: an object with declared fields cannot also have other fields/,
    ],
    ['Map', type('Map'), /^field f: a Map cannot be written as JSON/],
    ['symbol', type('symbol'), /^field f: a symbol/],
  ])('%s is refused, and the error names the field', (_name, field, message) => {
    expect(complaint(type({ f: field as never }))).toMatch(message);
  });

  test('a field deep inside is named by its path', () => {
    expect(complaint(type({ a: { b: type({ c: 'string|number' }).array() } }))).toMatch(/^field a\.b\[\]\.c: /);
  });
});

test('the options add required fields and rules, and decide which numbers are integers', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      n: { type: 'number', minimum: 1 },
      ns: { type: 'array', items: { type: 'number', maximum: 9 } },
      x: { type: 'number' },
      o: { type: 'object', properties: { x: { type: 'string' } } },
      l: { type: 'array', items: { type: 'object', properties: { y: { type: 'string' } } } },
    },
  };
  const known = new Map([
    ['n', { required: true }],
    ['o', { rules: ['has(self.x)'] }],
    ['l[].y', { rules: ["self != ''"] }],
  ]);
  const isInteger = ({ minimum, maximum }: Schema) => minimum !== undefined || maximum !== undefined;
  expect(toSimpleSchema(schema, { field: (path) => known.get(path), isInteger })).toMatchObject({
    spec: {
      n: 'integer | required=true minimum=1',
      ns: '[]Ns',
      x: 'float',
      o: 'O | validation="has(self.x)"',
      l: '[]L',
    },
    types: { Ns: 'integer | maximum=9', O: { x: 'string' }, L: { y: `string | validation="self != ''"` } },
  });
});

describe('zod', () => {
  test('an object with members of many types is converted', () => {
    const schema = z.object({
      name: z.string().min(1).max(63).describe('who'),
      replicas: z.int().default(2),
      env: z.enum(['prod', 'dev']).optional(),
      ratio: z.number().gt(0).lte(1),
      since: z.iso.date(),
      ports: z.array(z.object({ port: z.int32() })).max(3),
      labels: z.record(z.string(), z.string()).optional(),
      note: z.string().nullable(),
      slug: z.string().regex(/^[a-z]+$/i),
    });
    expect(emit(schema)).toEqual({
      spec: {
        name: 'string | required=true minLength=1 maxLength=63 description="who"',
        replicas: 'integer | default=2',
        env: 'string | enum="prod,dev"',
        ratio: 'float | required=true maximum=1 validation="self > 0.0"',
        since: expect.stringContaining('pattern='),
        ports: '[]Port | required=true maxItems=3',
        labels: 'map[string]string',
        note: 'string',
        slug: 'string | required=true pattern="^[A-Za-z]+$"',
      },
      types: { Port: { port: 'integer | required=true minimum=-2147483648 maximum=2147483647' } },
    });
  });

  test('two patterns keep their flags', () => {
    const schema = z.object({ a: z.string().regex(/^a/i).regex(/b$/) });
    expect(emit(schema).spec).toEqual({
      a: String.raw`string | required=true pattern="(?i)^a" validation="self.matches(\"b$\")"`,
    });
  });

  test('a type that two fields share is named after the id of its schema', () => {
    const address = z.object({ street: z.string() }).meta({ id: 'Address' });
    expect(emit(z.object({ home: address, work: address }))).toEqual({
      spec: { home: 'Address | required=true', work: 'Address | required=true' },
      types: { Address: { street: 'string | required=true' } },
    });
  });

  test.each<[string, unknown, RegExp]>([
    ['recursion', z.object({ n: recursive() }), /^field n\.next: the type contains itself/],
    ['set', z.object({ a: z.object({ s: z.set(z.string()) }) }), /^field a\.s: a Set cannot be written as JSON/],
    [
      'open object',
      z.object({ o: z.looseObject({ a: z.string() }) }),
      /^field o: an object with declared fields cannot also have arbitrary/,
    ],
    [
      'root union',
      z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
      /^the spec as a whole cannot carry/,
    ],
    ['root string', z.string(), /^the spec must be an object/],
  ])('%s is refused', (_name, schema, message) => {
    expect(complaint(schema)).toMatch(message);
  });
});

function recursive(): z.ZodType {
  const node: z.ZodType = z.object({
    value: z.string(),
    get next() {
      return node.optional();
    },
  });
  return node;
}

describe('JSON Schema, TypeBox and valibot', () => {
  test('a plain JSON Schema with references is converted', () => {
    const schema = {
      type: 'object',
      required: ['a'],
      properties: { a: { $ref: '#/definitions/Name' }, b: { type: ['string', 'null'] }, c: { const: 'x' } },
      definitions: { Name: { type: 'string', maxLength: 5 } },
    };
    expect(emit(schema).spec).toEqual({ a: 'string | required=true maxLength=5', b: 'string', c: 'string | enum="x"' });
  });

  test('a schema of TypeBox is converted', () => {
    const kind = Symbol.for('TypeBox.Kind');
    const schema = {
      [kind]: 'Object',
      type: 'object',
      required: ['u'],
      properties: {
        u: {
          [kind]: 'Union',
          anyOf: [
            { const: 'x', type: 'string' },
            { const: 'y', type: 'string' },
          ],
        },
        r: { type: 'object', patternProperties: { '^(.*)$': { type: 'integer' } } },
      },
    };
    expect(emit(schema).spec).toMatchObject({ u: 'string | required=true enum="x,y"', r: 'map[string]integer' });
  });

  test.each<[string, object, RegExp]>([
    [
      'a transform',
      { type: 'string', [Symbol('TypeBox.Transform')]: {} },
      /^field f: the type has a function of TypeBox/,
    ],
    ['a codec', { type: 'string', '~codec': {} }, /^field f: the type has a function of TypeBox/],
    ['a check', { type: 'string', '~refine': [] }, /^field f: the type has a function of TypeBox/],
    ['a Date', { type: 'Date' }, /^field f: the type Date has no form in JSON/],
    ['a bigint', { type: 'bigint' }, /^field f: the type bigint has no form in JSON/],
  ])('%s of TypeBox is refused', (_name, f, message) => {
    expect(complaint({ type: 'object', properties: { f } })).toMatch(message);
  });

  test('a schema of valibot is converted', () => {
    const schema = v.object({
      a: v.optional(v.string(), 'q'),
      b: v.pipe(v.number(), v.integer(), v.minValue(2)),
      c: v.picklist(['x', 'y']),
      d: v.pipe(v.string(), v.regex(/^a/i)),
      e: v.nullish(v.array(v.string())),
    });
    expect(emit(schema).spec).toEqual({
      a: 'string | default="q"',
      b: 'integer | required=true minimum=2',
      c: 'string | required=true enum="x,y"',
      d: 'string | required=true pattern="(?i)^a"',
      e: '[]string',
    });
  });

  describe('valibot', () => {
    test.each<[string, v.GenericSchema, SimpleValue]>([
      ['an optional field that is made required', v.nonOptional(v.optional(v.string())), 'string | required=true'],
      ['a nullish field that is made required', v.nonNullish(v.nullish(v.string())), 'string | required=true'],
      ['a nullish field that may not be null', v.nonNullable(v.nullish(v.string())), 'string'],
      [
        'two patterns',
        v.pipe(v.string(), v.regex(/^a/), v.regex(/b$/i)),
        String.raw`string | required=true pattern="^a" validation="self.matches(\"(?i)b$\")"`,
      ],
      [
        'the strictest of three minimum lengths',
        v.pipe(v.string(), v.minLength(2), v.minLength(5), v.minLength(3)),
        'string | required=true minLength=5',
      ],
    ])('%s', (_name, a, expected) => {
      expect(emit(v.object({ a })).spec).toEqual({ a: expected });
    });

    const string = { kind: 'schema', type: 'string' };
    const wrap = (type: string, wrapped: unknown) => ({ kind: 'schema', type, wrapped });
    test('a field with the name __proto__, which libraries drop, is refused', () => {
      const entries = Object.fromEntries([['__proto__', string]]);
      const read = fromStandardSchema({ kind: 'schema', type: 'object', entries });
      expect(read.diagnostics).toMatchObject([{ code: 'schema/unsupported-type', path: '__proto__' }]);
    });

    test('an optional part that contains the whole type is refused as recursive', () => {
      const node: Record<string, unknown> = { kind: 'schema', type: 'object' };
      node['entries'] = { value: string, next: wrap('optional', { kind: 'schema', type: 'lazy', getter: () => node }) };
      expect(complaint({ kind: 'schema', type: 'object', entries: { node } })).toMatch(/contains itself/);
    });
  });

  test.each([
    5,
    null,
    undefined,
    'x',
    {}.constructor,
    { foo: 1 },
    { '~standard': 3 },
    { '~standard': { vendor: 'x' } },
  ])('a value that is not a schema is refused: %j', (value) => {
    expect(fromStandardSchema(value).ok).toBe(false);
  });
});

test('arbitrary strings survive the round trip through markers', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
      (value, text) => {
        const schema: Schema = {
          type: 'object',
          properties: {
            f: {
              type: 'string',
              default: value,
              description: text,
              'x-kubernetes-validations': [{ rule: `self != ${JSON.stringify(value)}` }],
            },
          },
        };
        const written = toSimpleSchema(schema);
        const read = written.ok ? SimpleSchema.parse(written.spec, written.types) : undefined;
        expect(read?.ok ? read.schema.properties?.['f'] : read).toMatchObject({ default: value, description: text });
      },
    ),
  );
});

const FIELD = fc.constantFrom('a', 'b', 'replicas', 'host-name', 'namespace', 'x.y', 'Ports', 'é');
const MARKERS: Record<string, fc.Arbitrary<string>> = {
  string: fc.constantFrom(
    'default="x"',
    'default="a\\"',
    'enum="p,q"',
    'pattern="^[a-z]+$"',
    'minLength=1',
    'maxLength=9',
    'immutable=true',
    'validation="self != \\"z\\""',
    'validation="self == oldSelf"',
    'description="d d"',
    'required=true',
  ),
  integer: fc.constantFrom(
    'default=3',
    'minimum=1',
    'maximum=9007199254740993',
    'enum=1,2',
    'required=true',
    'validation="self > 0"',
  ),
  float: fc.constantFrom('default=1.5', 'minimum=0.25', 'required=true'),
  boolean: fc.constantFrom('default=true', 'required=true'),
  object: fc.constantFrom('default={"a":[1,{"b":null}]}', 'required=true', 'description="o"'),
};
const scalar = fc
  .constantFrom(...Object.keys(MARKERS))
  .chain((name) => fc.tuple(fc.constant(name), fc.uniqueArray(MARKERS[name] ?? fc.constant(''), { maxLength: 3 })))
  .map(([name, markers]) => (markers.length === 0 ? name : `${name} | ${markers.join(' ')}`))
  .filter((text) => SimpleSchema.parse({ f: text }).ok);
const { block } = fc.letrec<{ value: SimpleValue; block: SimpleBlock }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.constantFrom(
      '[]string | minItems=1',
      'map[string]integer',
      '[][]float',
      '[]Item',
      'map[string]Item',
      'Item | required=true',
      'Alias',
      '[]Alias | uniqueItems=true',
      '[]Item | listType=map listMapKey=id',
    ),
    tie('block'),
  ),
  block: fc.dictionary(FIELD, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));
const TYPES = {
  Item: { id: 'string | required=true', size: 'integer | default=1', inner: { deep: '[]Alias' } },
  Alias: 'string | enum="u,v" description="an alias"',
};

test('the round trip SimpleSchema → OpenAPI → SimpleSchema → OpenAPI loses nothing', () => {
  fc.assert(
    fc.property(block, (spec) => {
      const first = SimpleSchema.parse(spec, TYPES);
      if (!first.ok) throw new Error(JSON.stringify(first.errors));
      const written = toSimpleSchema(first.schema);
      if (!written.ok) throw new Error(JSON.stringify(written.diagnostics));
      const second = SimpleSchema.parse(written.spec, written.types);
      expect(second.ok ? second.schema : second.errors).toEqual(normal(first.schema));
    }),
    { numRuns: 500 },
  );
});

/**
 * Converts bigints to numbers, and removes duplicates from `required`: kro lists a field twice for two `required=true`
 * markers, but the emitted schema has one such marker.
 */
function normal(schema: Schema): Schema {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => {
      if (typeof value === 'bigint') return Number(value);
      return key === 'required' && Array.isArray(value) ? [...new Set<unknown>(value)] : value;
    }),
  ) as Schema;
}

test('fromJsonSchema, toSimpleSchema and fromStandardSchema never throw, whatever the document', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        const result = fromJsonSchema(value);
        if (result.ok) toSimpleSchema(result.schema);
      }
      expect(fromStandardSchema(value)).toHaveProperty('ok');
    }),
  );
});

test.each([
  ['ipv4', ['0.0.0.0', '10.9.99.199', '255.249.200.100'], ['01.2.3.4', '1.2.3.04', '00.0.0.0', '256.1.1.1', '1.2.3']],
  ['mac', ['00:1a:2B:3c:4d:5e', '00-1a-2b-3c-4d-5e'], ['00:1a-2b:3c-4d:5e', '00:1a:2b:3c:4d', '001a2b3c4d5e']],
])('the pattern that enforces the format %s in SimpleSchema takes %j and refuses %j', (format, good, bad) => {
  const pattern = new RegExp(formatConstraint({ type: 'string', format })?.pattern ?? '');
  expect([...good, ...bad].filter((text) => pattern.test(text))).toEqual(good);
});
