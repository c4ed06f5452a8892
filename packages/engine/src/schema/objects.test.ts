import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { type Schema, builtinSource, CrdRules, crdSource, StructuralSchema } from './index.ts';
import { ruleSites } from './rule-sites.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...more,
});
const causes = (schema: Schema, value: JsonValue, old?: JsonValue): string[] =>
  StructuralSchema.validate(schema, value, { old }).map((error) => `${error.field}: ${error.message}`);

describe('validate', () => {
  test('the errors of a value have a limit, and the last one says that the others are left out', () => {
    const schema = object({ list: { type: 'array', items: { type: 'integer' } } });
    const found = causes(schema, { list: Array.from({ length: 200_000 }, () => 'x') });
    expect([found.length, found.at(-1)]).toEqual([1001, expect.stringContaining('too many errors')]);
    const not: Schema = object({}, { not: { properties: { list: { items: { type: 'integer' } } } } });
    expect(causes(not, { list: Array.from({ length: 2000 }, () => 'x') })).toEqual([]);
  });

  test.each<[string, Schema, (index: number) => JsonValue]>([
    ['the members of a map', object({}, { additionalProperties: { type: 'integer', maximum: -1 } }), (index) => index],
    ['the elements of a list', { type: 'array', items: { type: 'integer', maximum: -1 } }, (index) => index],
    ['long elements', { type: 'array', items: { type: 'string', maxLength: 1 } }, () => 'x'.repeat(100)],
  ])('errors of unchanged values count for no limit: %s', (_, schema, make) => {
    const values = Array.from({ length: 15_000 }, (_, index) => make(index));
    const big =
      schema.type === 'array' ? values : Object.fromEntries(values.map((value, index) => [`k${index}`, value]));
    const whole = object({ big: schema, label: { type: 'string', maxLength: 1 } });
    expect(causes(whole, { big, label: 'b' }, { big: structuredClone(big), label: 'a' })).toEqual([]);
    expect(causes(whole, { big, label: 'bb' }, { big: structuredClone(big), label: 'a' })).toEqual([
      expect.stringMatching(/^label: Too long/),
    ]);
  });

  test.each<[string, Schema, JsonValue, string[]]>([
    ['a null', { type: 'string' }, null, ['<nil>: Invalid value: "null":  in body must be of type string: "null"']],
    ['a null for a nullable type', { type: 'string', nullable: true }, null, []],
    ['an integer for a number', { type: 'number' }, 3, []],
    [
      'a fraction for an integer without a format',
      object({ a: { type: 'integer' } }),
      { a: 1.5 },
      [
        'a: Invalid value: "number": a in body must be of type integer: "number"',
        '<nil>: Invalid value: "": Checked value must be of type integer (default format) in a',
      ],
    ],
    ['a big integer', object({ a: { type: 'integer', format: 'int64' } }), { a: 9223372036854775807n }, []],
    // JSON of JavaScript has 2^63 as 9223372036854776000.
    [
      'a bound that a float equals',
      object({ a: { type: 'number', maximum: 2 ** 63 } }),
      { a: 9223372036854776000n },
      [],
    ],
    ['its negative', object({ a: { type: 'number', minimum: -(2 ** 63) } }), { a: -9223372036854776000n }, []],
    [
      'an integer beyond 64 bits',
      object({ a: { type: 'integer' } }),
      { a: 9223372036854775808n },
      [
        'a: Invalid value: "number": a in body must be of type integer: "number"',
        '<nil>: Invalid value: "": Checked value must be of type integer (default format) in a',
      ],
    ],
    [
      'an integer beyond 32 bits',
      object({ a: { type: 'integer', format: 'int32' } }),
      { a: 2147483648 },
      ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a'],
    ],
    ...[4, 6].map((value): [string, Schema, JsonValue, string[]] => [
      `${value}, which equals an exclusive bound`,
      { type: 'integer', minimum: 4, exclusiveMinimum: true, maximum: 6, exclusiveMaximum: true },
      value,
      [`<nil>: Invalid value: ${value}:  in body should be ${value === 4 ? 'greater than 4' : 'less than 6'}`],
    ]),
    ['a value that equals both bounds', { type: 'integer', minimum: 4, maximum: 4 }, 4, []],
    ['a length, which is counted in characters', object({ a: { type: 'string', maxLength: 2 } }), { a: '😀😀' }, []],
    [
      'a value of a wrong type in a map',
      object({ m: { type: 'object', additionalProperties: { type: 'integer' } } }),
      { m: { 'a.b': 'x' } },
      ['m.a.b: Invalid value: "string": m.a.b in body must be of type integer: "string"'],
    ],
    [
      'an enum of numbers',
      object({ a: { type: 'integer', enum: [1, 2] } }),
      { a: 3 },
      ['a: Unsupported value: 3: supported values: "1", "2"'],
    ],
    [
      'a null, which is refused even if the enum contains it',
      object({ a: { type: 'string', nullable: true, enum: ['x', null] } }),
      { a: null },
      ['a: Unsupported value: null: supported values: "x", "null"'],
    ],
    [
      'a fraction whose whole part is in the enum, which is accepted',
      object({ a: { type: 'number', enum: [1] } }),
      { a: 1.5 },
      [],
    ],
    [
      'two alternatives that do not match, of which the second fails fewer checks',
      object({ a: { anyOf: [{ pattern: '^x', enum: ['x'] }, { maxLength: 0 }] } }),
      { a: 'y' },
      [
        '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
        'a: Unsupported value: "y": supported values: "x"',
        `a: Invalid value: "y": a in body should match '^x'`,
      ],
    ],
    [
      'a fraction above a large bound',
      object({ a: { type: 'number', maximum: 10_000_000 } }),
      { a: 20_000_000.5 },
      ['a: Invalid value: 2.00000005e+07: a in body should be less than or equal to 1e+07'],
    ],
    [
      'an integer above a large bound',
      object({ a: { type: 'number', maximum: 10_000_000 } }),
      { a: 20_000_000 },
      ['a: Invalid value: 20000000: a in body should be less than or equal to 10000000'],
    ],
    [
      'a fraction that is not a multiple of a large number',
      object({ a: { type: 'number', multipleOf: 10_000_000 } }),
      { a: 2.5 },
      ['a: Invalid value: 2.5: a in body should be a multiple of 1e+07'],
    ],
    [
      'too few items',
      object({ a: { type: 'array', items: {}, minItems: 2 } }),
      { a: [1] },
      ['a: Invalid value: 1: a in body should have at least 2 items'],
    ],
    [
      'a bound that the type cannot represent',
      object({ a: { type: 'integer', maximum: 1.5 } }),
      { a: 2 },
      [
        '<nil>: Invalid value: "": Maximum boundary value must be of type integer (default format) in a',
        'a: Invalid value: 2: a in body should be less than or equal to 1.5',
      ],
    ],
    [
      'a large integer next to a bound that its type cannot represent',
      object({ a: { type: 'integer', maximum: 1.5 } }),
      { a: 20_000_000 },
      [
        '<nil>: Invalid value: "": Maximum boundary value must be of type integer (default format) in a',
        'a: Invalid value: 2e+07: a in body should be less than or equal to 1.5',
      ],
    ],
    [
      'too many members, of which one has a wrong type',
      object({ m: { type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } } }),
      { m: { a: 1, b: 'x' } },
      [
        'm: Too many: 2: must have at most 1 item',
        'm.a: Invalid value: "integer": m.a in body must be of type string: "integer"',
      ],
    ],
    [
      'three equal elements, which are reported once',
      object({ a: { type: 'array', 'x-kubernetes-list-type': 'set', items: {} } }),
      { a: ['x', 'x', 'x'] },
      ['a[1]: Duplicate value: "x"'],
    ],
    [
      'a format that does not belong to the type',
      object({ a: { type: 'integer', format: 'date-time' } }),
      { a: 1 },
      [],
    ],
    [
      'the format uuid, written with a hyphen (u-uid)',
      object({ a: { type: 'string', format: 'u-uid' } }),
      { a: 'x' },
      ['a: Invalid value: "x": a in body must be of type u-uid: "x"'],
    ],
    [
      'an embedded resource',
      object({ e: { type: 'object', 'x-kubernetes-embedded-resource': true } }),
      { e: { apiVersion: '', kind: 'A_b' } },
      [
        'e.apiVersion: Invalid value: "": must not be empty',
        expect.stringContaining(
          'e.kind: Invalid value: "A_b": may have mixed case, but should otherwise match: a DNS-1035',
        ) as string,
      ],
    ],
    [
      'anyOf',
      object({ a: { anyOf: [{ required: ['x'] }, { required: ['y'] }] } }),
      { a: { z: 1 } },
      ['<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)', 'a.x: Required value'],
    ],
    [
      'not',
      object({ a: { not: { required: ['x'] } } }),
      { a: { x: 1 } },
      ['<nil>: Invalid value: "": "a" must not validate the schema (not)'],
    ],
    [
      'members named like members of Object.prototype',
      object({ a: { type: 'string' } }),
      JSON.parse('{"constructor":1,"__proto__":2}') as JsonValue,
      [],
    ],
    [
      'a required member named like a member of Object.prototype',
      object({}, { required: ['toString'] }),
      {},
      ['toString: Required value'],
    ],
    [
      'two elements of a map list whose keys are equal after the default is added',
      object({
        l: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: object({ port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' } }),
        },
      }),
      { l: [{ port: 1 }, { port: 1, protocol: 'TCP' }] },
      ['l[1]: Duplicate value: {"port":1,"protocol":"TCP"}'],
    ],
  ])('%s', (_name, schema, value, expected) => {
    expect(causes(schema, value)).toEqual(expected);
  });

  test('drops errors of unchanged parts, including parts of map lists', () => {
    const list: Schema = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: object({ k: { type: 'string' }, v: { type: 'string', maxLength: 1 } }),
    };
    const old = { l: [{ k: 'a', v: 'long' }], s: 5 };
    const schema = object({ l: list, s: { type: 'string' } });
    expect(
      causes(
        schema,
        {
          l: [
            { k: 'b', v: 'x' },
            { k: 'a', v: 'long' },
          ],
          s: 5,
        },
        old,
      ),
    ).toEqual([]);
    expect(causes(schema, { l: [{ k: 'a', v: 'longer' }], s: 5 }, old)).toEqual([
      'l[0].v: Too long: may not be more than 1 byte',
    ]);
  });

  test('drops errors of an unchanged object only when its schema declares all its members', () => {
    const part = object({ x: { type: 'string' } }, { required: ['y'], 'x-kubernetes-preserve-unknown-fields': true });
    const schema = object({ part, s: { type: 'string' } }, { required: ['r'] });
    const declared = { part: { x: 'a' } };
    expect(causes(schema, { ...declared, s: 'b' }, declared)).toEqual(['r: Required value']);
    const undeclared = { part: { x: 'a', z: 1 }, r: 1 };
    expect(causes(schema, undeclared, undeclared)).toEqual(['part.y: Required value']);
  });

  test('keeps errors of unchanged values in allOf, and of unchanged elements without a key', () => {
    const items = object({ k: { type: 'string' }, v: { type: 'string', maxLength: 1 } });
    const list: Schema = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items };
    const alternative: Schema = { allOf: [{ properties: { s: { maxLength: 1 } } }] };
    const schema = object({ list, s: { type: 'string' }, t: { type: 'string' } }, alternative);
    const stored = { list: [{ v: 'long' }, { k: 'a', v: 'long' }, { k: 'a', v: 'x' }], s: 'long' };
    expect(causes(schema, { ...stored, list: [{ k: 'a', v: 'long' }, { v: 'long' }], t: 'x' }, stored)).toEqual([
      's: Too long: may not be more than 1 byte',
      '<nil>: Invalid value: "": "" must validate all the schemas (allOf). None validated',
      'list[1].v: Too long: may not be more than 1 byte',
    ]);
  });

  test('refuses repeated elements of an update only if the stored object has no repeated elements', () => {
    const set: Schema = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } };
    const schema = object({ a: set, m: { type: 'object', additionalProperties: set } });
    const stored = { a: ['x', 'x'] };
    expect(causes(schema, { a: ['x', 'x', 'y'] }, stored)).toEqual([]);
    expect(causes(schema, { a: ['x'], m: { 'k.l': ['y', 'y'] } }, stored)).toEqual([]);
    expect(causes(schema, { a: ['x'], m: { 'k.l': ['y', 'y'] } }, { a: ['x'] })).toEqual([
      'm[k.l][1]: Duplicate value: "y"',
    ]);
  });

  test('evaluates CEL rules at their sites, and skips them when the object is malformed', () => {
    const rules = [{ rule: 'self == oldSelf' }];
    const schema = object({
      m: { type: 'object', additionalProperties: { type: 'string', 'x-kubernetes-validations': rules } },
    });
    expect(StructuralSchema.hasRules(schema)).toBe(true);
    const seen: unknown[] = [];
    const evaluateRules = (site: { field: string; value: JsonValue; old: JsonValue | undefined }) => {
      seen.push([site.field, site.value, site.old]);
      return [];
    };
    expect(
      StructuralSchema.validate(schema, { m: { 'a.b': 'x' } }, { old: { m: { 'a.b': 'y' } }, evaluateRules }),
    ).toEqual([]);
    expect(seen).toEqual([['m[a.b]', 'x', 'y']]);
    expect(
      StructuralSchema.validate(schema, { m: { a: 5 } }, { evaluateRules }).map((error) => error.message),
    ).toContainEqual(expect.stringContaining('some validation rules were not checked'));
    expect([...ruleSites(schema, { m: 5 })]).toEqual([]);
  });

  test('the validation and the search for CEL rules end for a recursive kind', () => {
    const props = builtinSource().typeNamed('apiextensions.v1.JSONSchemaProps');
    let value: JsonObject = { type: 'string' };
    for (let depth = 0; depth < 5000; depth += 1) value = { not: value };
    expect(causes(props, value).at(-1)).toMatch(/nested deeper/);
    expect(StructuralSchema.hasRules(props)).toBe(false);
  });
});

describe('applyDefaults', () => {
  const schema = object({
    a: { type: 'string', default: 'x' },
    n: { type: 'string', nullable: true, default: 'y' },
    o: object({ b: { type: 'integer', default: 1 } }, { default: {} }),
    l: { type: 'array', items: object({ c: { type: 'integer', default: 2 } }) },
  });

  test.each<[JsonValue, JsonValue]>([
    [{}, { a: 'x', n: 'y', o: { b: 1 } }],
    [
      { a: null, n: null },
      { a: 'x', n: null, o: { b: 1 } },
    ],
    [
      { o: { b: 5 }, l: [{}, { c: 3 }] },
      { a: 'x', n: 'y', o: { b: 5 }, l: [{ c: 2 }, { c: 3 }] },
    ],
    [{ l: null }, { a: 'x', n: 'y', o: { b: 1 } }],
  ])('%j becomes %j', (value, expected) => {
    const before = structuredClone(value);
    expect(StructuralSchema.applyDefaults(schema, value)).toEqual(expected);
    expect(value).toEqual(before);
  });

  test('an object that needs no default is not copied', () => {
    const value = { a: '1', n: null, o: { b: 2 } };
    expect(StructuralSchema.applyDefaults(schema, value)).toBe(value);
  });

  test('objects do not share their defaults', () => {
    const [first, second] = [
      StructuralSchema.applyDefaults(schema, {}),
      StructuralSchema.applyDefaults(schema, {}),
    ] as [JsonObject, JsonObject];
    expect(first['o']).not.toBe(second['o']);
  });
});

describe('prune', () => {
  const open: Schema = {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: { k: object({ x: { type: 'string' } }) },
  };
  const schema = object({ spec: object({ a: { type: 'string' }, l: { type: 'array', items: object({}) }, open }) });

  test.each<[JsonValue, JsonValue, string[]]>([
    [
      { kind: 'K', metadata: { name: 'n', odd: 1 }, x: 1 },
      { kind: 'K', metadata: { name: 'n' } },
      ['metadata.odd', 'x'],
    ],
    [
      { spec: JSON.parse('{"toString":1,"__proto__":{"b":2}}') as JsonValue },
      { spec: {} },
      ['spec.__proto__', 'spec.toString'],
    ],
    [{ spec: { a: '1', b: 2, l: [{ q: 1 }] } }, { spec: { a: '1', l: [{}] } }, ['spec.b', 'spec.l[0].q']],
    [
      { spec: { open: { any: { thing: 1 }, k: { x: '1', y: 2 } } } },
      { spec: { open: { any: { thing: 1 }, k: { x: '1' } } } },
      ['spec.open.k.y'],
    ],
  ])('%j becomes %j', (value, expected, unknown) => {
    expect(StructuralSchema.prune(schema, value)).toEqual({ value: expected, unknown });
  });

  test('elements of an open list keep unknown fields, but their declared members do not', () => {
    const items = object({ known: object({ x: { type: 'string' } }) });
    const list = object({ l: { type: 'array', 'x-kubernetes-preserve-unknown-fields': true, items } });
    const value = { l: [{ odd: 1, known: { x: '1', y: 2 } }] };
    expect(StructuralSchema.prune(list, value)).toEqual({
      value: { l: [{ odd: 1, known: { x: '1' } }] },
      unknown: ['l[0].known.y'],
    });
  });

  test('an object without unknown fields is not copied', () => {
    const value = { spec: { a: '1' } };
    expect(StructuralSchema.prune(schema, value).value).toBe(value);
  });

  test('parts of built-in kinds that may have any content are kept', () => {
    const set = builtinSource().schemaOf({ group: 'apps', version: 'v1', kind: 'ControllerRevision' });
    const value = { metadata: { managedFields: [{ fieldsV1: { 'f:x': {} } }] }, data: { any: { thing: 1 } }, nope: 1 };
    expect(StructuralSchema.prune(set ?? {}, value).unknown).toEqual(['nope']);
  });
});

const crd = (schema: JsonValue): KubeObject => crdOf('Thing', {}, { fields: { schema: { openAPIV3Schema: schema } } });

const member = fc.constantFrom(
  'type',
  'properties',
  'items',
  'additionalProperties',
  'required',
  'enum',
  'default',
  'pattern',
  'minimum',
  'maxLength',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'nullable',
  'format',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  '__proto__',
  'a',
);
const { wild } = fc.letrec<{ wild: JsonValue }>((tie) => ({
  wild: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<JsonValue>(
      'object',
      'array',
      'string',
      'integer',
      'map',
      'set',
      true,
      false,
      null,
      0,
      -1,
      1.5,
      '(',
      'a',
    ),
    fc.array(tie('wild'), { maxLength: 3 }),
    fc.dictionary(member, tie('wild'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

test('malformed schemas and objects never cause an exception', () => {
  fc.assert(
    fc.property(wild, wild, wild, (raw, value, old) => {
      const schema = StructuralSchema.of(raw);
      const kept = StructuralSchema.applyDefaults(schema, StructuralSchema.prune(schema, value).value);
      expect(Array.isArray(StructuralSchema.validate(schema, kept, { old, evaluateRules: () => [] }))).toBe(true);
      expect(Array.isArray(CrdRules.errors(crd(raw)))).toBe(true);
      const source = crdSource([crd(raw)], { pack: true });
      expect(source.schemaOf({ group: 'example.com', version: 'v1', kind: 'Thing' })?.type).toBe('object');
    }),
    { numRuns: 2000 },
  );
});

test('defaulting and pruning are idempotent', () => {
  fc.assert(
    fc.property(wild, wild, (raw, value) => {
      const schema = StructuralSchema.of(raw);
      const pruned = StructuralSchema.prune(schema, value).value;
      expect(StructuralSchema.prune(schema, pruned)).toEqual({ value: pruned, unknown: [] });
      const once = StructuralSchema.applyDefaults(schema, value);
      expect(StructuralSchema.applyDefaults(schema, once)).toEqual(once);
    }),
    { numRuns: 1000 },
  );
});
