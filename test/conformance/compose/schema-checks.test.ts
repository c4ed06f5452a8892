import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type SchemaInput, createCompositionApi } from '@typekro/sdk/compose';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

const compose = (spec: SchemaInput) =>
  kubernetesComposition({ name: 'app', spec }, (s) => {
    ConfigMap({ id: 'own', name: 'own', data: { n: (s as { n?: string }).n ?? 'none' } });
  });

/** The line of `n` in the definition. */
const lineOf = (spec: SchemaInput): unknown => {
  const { schema } = compose(spec).toDefinition()['spec'] as { schema: { spec: JsonObject } };
  return schema.spec['n'];
};

const startsWithA = (text: string): boolean => text.startsWith('a');
const prefix = 'kube-';

describe('a check of a schema', () => {
  test.each<[string, SchemaInput]>([
    ['zod', z.object({ n: z.string().refine(startsWithA, 'must begin with a') })],
    ['valibot', v.object({ n: v.pipe(v.string(), v.check(startsWithA, 'must begin with a')) })],
  ])('of %s becomes a rule with its message', (_library, spec) => {
    expect(lineOf(spec)).toBe(
      String.raw`string | required=true validation="self.startsWith(\"a\") // must begin with a"`,
    );
  });

  test('may read a variable around it, as a check of an optional field does', () => {
    const spec = z.object({ n: z.string().refine((text) => !text.startsWith(prefix)).optional() });
    expect(lineOf(spec)).toBe(String.raw`string | validation="!self.startsWith(\"kube-\") // spec.n does not satisfy its schema"`);
  });

  test.each<[string, SchemaInput]>([
    ['zod', z.object({ n: z.string().refine(startsWithA, 'must begin with a') })],
    ['arktype', type({ n: type('string').narrow((text) => text.startsWith('a')) })],
    ['valibot', v.object({ n: v.pipe(v.string(), v.check(startsWithA)) })],
    ['a rule in JSON Schema', { type: 'object', required: ['n'], properties: { n: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.startsWith("a")' }] } } }],
    ['a look-ahead in JSON Schema', { type: 'object', required: ['n'], properties: { n: { type: 'string', pattern: '^(?!b)' } } }],
  ])('refuses the same values in toInstance, evaluate and deploy: %s', async (_name, spec) => {
    const composition = compose(spec);
    expect(composition.evaluate({ n: 'ab' }).resources[0]?.objects[0]?.['data']).toEqual({ n: 'ab' });
    const wrong = { n: 'b' } as never;
    const refused = expect.objectContaining({ code: 'compose/invalid-spec' });
    expect(() => composition.toInstance(wrong)).toThrow(refused);
    expect(() => composition.evaluate(wrong)).toThrow(refused);
    await expect(composition.factory('kro').deploy(wrong)).rejects.toThrow();
  });

  test.each<[string, SchemaInput, string]>([
    ['an unreadable function', z.object({ n: z.string().refine((text) => text.localeCompare('a') > 0) }), 'spec.n'],
    ['a function with the context', type({ n: type('string').narrow((text, context) => text === '' || context.mustBe('empty')) }), 'spec.n'],
    ['a function that throws for every value', z.object({ n: z.string().refine(() => { throw new Error('boom'); }) }), 'spec.n'],
    [
      'a check that refuses every value',
      z.object({ n: z.object({ a: z.string(), b: z.string() }).refine((n) => Object.keys(n).length < 2) }),
      'spec.n',
    ],
    ['an item of a list', z.object({ n: z.array(z.string().refine((text) => text.localeCompare('a') > 0)) }), 'spec.n[]'],
    ['several fields of the spec', z.object({ n: z.string(), m: z.string() }).refine(({ n, m }) => n !== m), 'spec'],
  ])('that cannot become a rule is refused with its field and line: %s', (_name, spec, path) => {
    const diagnostic = expect.objectContaining({
      code: 'schema/transform',
      path,
      hint: expect.any(String) as string,
      source: expect.objectContaining({ file: expect.stringContaining('schema-checks.test.ts') as string }) as object,
    }) as object;
    expect(() => compose(spec)).toThrow(expect.objectContaining({ diagnostics: [diagnostic] }));
  });

  test('also holds for the arguments of a nested composition', () => {
    const inner = compose(z.object({ n: z.string().refine(startsWithA, 'must begin with a') }));
    const outer = kubernetesComposition({ name: 'outer', spec: type({ m: 'string' }) }, ({ m }) => {
      inner({ n: m });
    });
    expect(outer.evaluate({ m: 'b' }).violations).toEqual(['must begin with a']);
    expect(() =>
      kubernetesComposition({ name: 'outer', spec: type({ m: 'string' }) }, () => {
        inner({ n: 'b' });
      }),
    ).toThrow(/must begin with a/);
  });
});

test.each<[string, SchemaInput]>([
  ['zod', z.object({ n: z.string().trim().toLowerCase() })],
  ['arktype', type({ n: type('string.trim').to('string.lower') })],
  ['valibot', v.object({ n: v.pipe(v.string(), v.trim(), v.toLowerCase()) })],
])('the graph reads the result of trim() and toLowerCase() of %s', (_library, spec) => {
  const composition = compose(spec);
  expect(composition.evaluate({ n: ' Ab ' }).resources[0]?.objects[0]?.['data']).toEqual({ n: 'ab' });
  expect(composition.toInstance({ n: ' Ab ' }).spec).toEqual({ n: 'ab' });
});

test.each<[string, SchemaInput]>([
  ['zod', z.object({ n: z.string().toLowerCase().trim().toUpperCase() })],
  ['zod', z.object({ n: z.string().toUpperCase().toLowerCase() })],
  ['valibot', v.object({ n: v.pipe(v.string(), v.toLowerCase(), v.toUpperCase()) })],
])('a change of case of %s that undoes an earlier one is refused', (_library, spec) => {
  expect(() => compose(spec)).toThrow(/undoes an earlier change of case/);
});

test.each<[string, SchemaInput, object, string]>([
  ['an infinite number', v.object({ n: v.number() }), { n: Infinity }, 'JSON cannot represent this number'],
  ['NaN', { type: 'object', properties: { n: { type: 'number' } } }, { n: NaN }, 'JSON cannot represent this number'],
  ['half of a surrogate pair', z.object({ n: z.string() }), { n: 'a\ud800' }, 'n: Invalid value: "a\\ud800": UTF-8 cannot'],
  ['its other half in a list', z.object({ n: z.string(), l: z.array(z.string()) }), { n: 'a', l: ['😀', '\udc00'] }, 'l[1]: Invalid value: "\\udc00": UTF-8 cannot'],
  ['half of a pair in a name', v.object({ n: v.string(), m: v.record(v.string(), v.string()) }), { n: 'a', m: { 'a\ud800': '' } }, 'm: Invalid value: "a\\ud800": UTF-8 cannot'],
  ['an unknown member of a strict object', z.strictObject({ n: z.string() }), { n: 'a', m: 1 }, 'Unrecognized key'],
  ['characters beyond U+FFFF that a check refuses', z.object({ n: z.string().max(10).refine((text) => text === 'ok') }), { n: '😀' }, 'Invalid input'],
  ['null in an optional field', z.object({ n: z.string().optional() }), { n: null }, 'expected string, received null'],
])('a spec with %s is refused', (_name, spec, value, message) => {
  expect(() => compose(spec).toInstance(value as never)).toThrow(message);
  expect(() => compose(spec).evaluate(value as never)).toThrow(message);
});

test.each<[string, SchemaInput, string]>([
  ['that counts characters, and not halves of them', z.object({ n: z.string().refine((text) => text.length > 2) }), '😀😀'],
  ['that throws', z.object({ n: z.string().refine((text) => { if (text === 'a') throw new Error('not a'); return true; }) }), 'a'],
])('toInstance refuses what a rule %s refuses', (_name, spec, value) => {
  const composition = compose(spec);
  expect(() => composition.toInstance({ n: value })).toThrow(expect.objectContaining({ code: 'compose/invalid-spec' }));
  expect(composition.evaluate({ n: value }).violations).toHaveLength(1);
});

test('a rule that no API server accepts is refused with the field, the function and a remedy', () => {
  const spec = z.object({ n: z.number().refine((number) => String(number) !== '1') });
  const diagnostic = expect.objectContaining({
    code: 'schema/rule',
    path: 'spec.n',
    message: 'spec.n: the API server refuses the rule of this field: it calls json.marshal, which rules of Kubernetes do not have',
    hint: expect.stringContaining('String()') as string,
    source: expect.objectContaining({ file: expect.stringContaining('schema-checks.test.ts') as string }) as object,
  }) as object;
  const composition = kubernetesComposition({ name: 'app', spec }, () => ({ ready: true }));
  expect(() => composition.toYaml()).toThrow(expect.objectContaining({ diagnostics: [diagnostic] }));
});

test.each<[what: string, make: () => z.ZodType]>([
  ['z.bigint()', () => z.bigint()],
  ['z.bigint() with bounds', () => z.bigint().min(5n).max(10n).multipleOf(5n)],
  ['z.bigint() with a check', () => z.bigint().refine((value) => value > 5n)],
  ['z.int64()', () => z.int64()],
  ['an optional z.bigint()', () => z.bigint().optional()],
  ['a list of z.bigint()', () => z.array(z.bigint())],
])('%s is refused with its field and the reason', (_what, make) => {
  const define = () => kubernetesComposition({ name: 'big', spec: z.object({ n: make() }) } as never, () => ({}));
  expect(define).toThrow(expect.objectContaining({ code: 'schema/unsupported-type' }));
  expect(define).toThrow(/field n(?:\[\])?: a bigint cannot be written as JSON/);
});

test.each<[string, (least: number, most: number) => SchemaInput]>([
  ['zod', (least, most) => z.object({ n: z.string().min(least).max(most) })],
  ['zod, as a refinement', (_least, most) => z.object({ n: z.string().min(1).refine((text) => text.length <= most) })],
  ['zod, as a pattern', (least, most) => z.object({ n: z.string().regex(new RegExp(`^.{${least},${most}}$`)) })],
  ['arktype', (least, most) => type({ n: `${least} <= string <= ${most}` as '1 <= string <= 3' })],
  ['valibot', (least, most) => v.object({ n: v.pipe(v.string(), v.minLength(least), v.maxLength(most)) })],
])('lengths of %s count characters, as the API server does', (_library, make) => {
  const app = compose(make(1, 3));
  for (const n of ['😀', '😀😀😀', 'a😀b']) expect(app.toInstance({ n }).spec).toEqual({ n });
  for (const n of ['😀😀😀😀', 'ab😀c', '']) expect(() => app.toInstance({ n })).toThrow('Invalid spec');
});

test.each<[string, SchemaInput]>([
  ['zod', z.object({ n: z.string().max(3).regex(/^\p{So}+$/u), o: z.string().default('x') })],
  ['arktype', type({ n: type('string <= 3').and(/^\p{So}+$/u), o: "string = 'x'" })],
  ['valibot', v.object({ n: v.pipe(v.string(), v.maxLength(3), v.regex(/^\p{So}+$/u)), o: v.optional(v.string(), 'x') })],
])('lengths of %s count characters beside a pattern that names characters beyond U+FFFF', (_library, schema) => {
  const app = compose(schema);
  expect(app.toInstance({ n: '😀😀😀' }).spec).toMatchObject({ n: '😀😀😀' });
  for (const n of ['😀😀😀😀', 'a😀', 'a']) expect(() => app.toInstance({ n })).toThrow('Invalid spec');
});

const RAW = { type: 'object', properties: { n: { type: 'string', format: 'date' }, o: { type: 'object' } } };

test.each<[string, unknown, RegExp]>([
  ['is a Date', new Date(0), /class Date/],
  ['is a Map', new Map([['n', 'x']]), /class Map/],
  ['contains inherited members', { o: Object.create({ x: 'y' }) as object }, /o: /],
  ['contains a Set', { o: new Set(['x']) }, /o: .*class Set/],
  ['contains a boxed string', { n: new String('2024-02-29') }, /n: .*class String/],
  ['contains a day that no calendar has', { n: '2021-02-29' }, /n: .*should match/],
])('a spec that %s is refused', (_name, spec, message) => {
  expect(() => compose(RAW).toInstance(spec as JsonObject)).toThrow(message);
  expect(compose(RAW).toInstance({ n: '2024-02-29', o: {} }).spec).toEqual({ n: '2024-02-29', o: {} });
});

/** Does the SDK enforce a JSON Schema for a value that it forbids, warn of it, or refuse the schema? */
function fate(spec: JsonObject, value: JsonObject): string {
  try {
    const app = kubernetesComposition({ name: 'app', spec: { type: 'object', ...spec } }, () => ({ ready: true }));
    const warned = app.diagnostics.filter(({ code }) => code === 'schema/not-enforced');
    try {
      app.toInstance(value);
      return warned.length > 0 ? 'warned' : 'silent';
    } catch (error) {
      const { message } = error as Error;
      return message.startsWith('the schema of') ? `refused ${message}` : `enforced ${message}`;
    }
  } catch (error) {
    return `refused ${(error as Error).message}`;
  }
}

const S = { type: 'string' };
const I = { type: 'integer' };
const X = { type: 'object', properties: { x: S } };
const field = (a: JsonValue): JsonObject => ({ properties: { a } });
const list = (keywords: JsonObject): JsonObject => field({ type: 'array', ...keywords });
const has = (...names: string[]): JsonObject => ({ required: names });

/** An object with a member `__proto__`, as JSON makes it. */
const ofPrototype = (value: JsonValue): JsonObject => Object.fromEntries([['__proto__', value]]);

describe('each restriction of a JSON Schema is enforced, refused or warned about', () => {
  test.each<[fate: string, schema: JsonObject, forbidden: JsonObject]>([
    ['warned', field({ ...S, not: { const: 'x' } }), { a: 'x' }],
    ['warned', { ...field(S), if: has('a'), then: has('b') }, { a: 'x' }],
    ['warned', { ...field(S), dependentRequired: { a: ['b'] } }, { a: 'x' }],
    ['warned', { ...field(S), dependentSchemas: { a: has('b') } }, { a: 'x' }],
    ['warned', { ...field(S), dependencies: { a: ['b'] } }, { a: 'x' }],
    ['warned', field({ type: 'object', propertyNames: { pattern: '^x' }, additionalProperties: S }), { a: { y: 'a' } }],
    ['warned', field({ type: 'object', patternProperties: { '^x': S } }), { a: { y: 'a' } }],
    ['refused', field({ type: 'object', patternProperties: { '^x': S, '^y': I } }), { a: {} }],
    ['enforced b: ', { ...field(S), additionalProperties: false }, { a: 'x', b: 3 }],
    ['enforced b: ', { type: 'object', additionalProperties: false }, { b: 3 }],
    ['enforced a.b: ', field({ ...X, additionalProperties: false }), { a: { b: 3 } }],
    ['enforced a[0].b: ', list({ items: { ...X, unevaluatedProperties: false } }), { a: [{ b: 3 }] }],
    ['enforced b: ', { unevaluatedProperties: false, allOf: [field(S)] }, { b: 3 }],
    ['enforced a.b: ', field({ anyOf: [X, { ...X, ...has('x') }], unevaluatedProperties: false }), { a: { b: 'y' } }],
    ['refused', { ...field(S), ...has('zz') }, {}],
    ['refused', field({ type: 'object', additionalProperties: S, ...has('zz') }), {}],
    ['refused', field({ ...X, anyOf: [has('x'), has('zz')] }), { a: {} }],
    ['refused', field(false), { a: 1 }],
    [
      'enforced a: ',
      field({
        oneOf: [
          { ...S, minLength: 2 },
          { ...S, maxLength: 3 },
        ],
      }),
      { a: 'ab' },
    ],
    ['enforced a: ', field({ ...S, oneOf: [{ minLength: 2 }, { maxLength: 3 }, { pattern: 'a' }] }), { a: 'ab' }],
    ['enforced a: ', field({ oneOf: [{ const: 'x' }, { enum: ['x', 'y'] }] }), { a: 'x' }],
    ['enforced a: ', field({ ...S, maxLength: 1, oneOf: [{ const: 'x' }, { const: 'yy' }] }), { a: 'yy' }],
    ['enforced a: ', field({ ...X, properties: { x: S, y: S }, oneOf: [has('x'), has('y')] }), { a: { x: '', y: '' } }],
    [
      'enforced a: ',
      field({
        oneOf: [
          { ...X, ...has('x') },
          { type: 'object', properties: { x: S, y: S }, ...has('y') },
        ],
      }),
      { a: { x: '', y: '' } },
    ],
    ['refused', field({ oneOf: [X, { type: 'object', properties: { y: S } }] }), { a: {} }],
    [
      'enforced a: ',
      field({ ...S, anyOf: [{ minLength: 2 }, { pattern: '^x' }], oneOf: [{ maxLength: 3 }, { pattern: '^a' }] }),
      { a: 'ab' },
    ],
    [
      'refused',
      field({
        anyOf: [
          { ...X, minProperties: 1 },
          { ...X, ...has('x') },
        ],
      }),
      { a: {} },
    ],
    ['enforced a: ', field({ type: ['string', 'null'], anyOf: [{ minLength: 2 }, { const: 'x' }] }), { a: 'y' }],
    ['warned', list({ items: S, contains: { const: 'x' } }), { a: ['y'] }],
    ['warned', list({ prefixItems: [S], items: { ...S, minLength: 3 } }), { a: ['x', 'y'] }],
    ['warned', list({ prefixItems: [{ ...S, pattern: '^q' }], items: S }), { a: ['x'] }],
    ['enforced a: ', list({ prefixItems: [S, S], items: false }), { a: ['x', 'y', 'z'] }],
    ['enforced a: ', list({ items: [S, S], additionalItems: false, maxItems: 9 }), { a: ['x', 'y', 'z'] }],
    ['enforced a[1]: ', list({ items: S, uniqueItems: true }), { a: ['x', 'x'] }],
    ['enforced a: ', list({ items: S, minItems: 1 }), { a: [] }],
    ['warned', list({ prefixItems: [S], items: S, unevaluatedItems: false }), { a: ['x', 'y'] }],
    ['enforced a: ', field({ type: 'number', minimum: 1, exclusiveMinimum: true }), { a: 1 }],
    ['enforced a: ', field({ type: 'number', multipleOf: 0.5 }), { a: 0.7 }],
    ...['minimum', 'maximum', 'multipleOf', 'exclusiveMinimum'].map((name): [string, JsonObject, JsonObject] => [
      'refused',
      field({ type: 'number', [name]: '5' }),
      { a: 1 },
    ]),
    ...['minLength', 'maxItems', 'pattern', 'format', 'enum', 'required', 'properties', 'oneOf', 'items', 'type'].map(
      (name): [string, JsonObject, JsonObject] => ['refused', field({ ...S, [name]: 2.5 }), { a: 'x' }],
    ),
    ['refused', field({ allOf: [S, { minLength: '2' }] }), { a: 'x' }],
    ['refused', field({ type: 'strnig', enum: ['x'] }), { a: 'y' }],
    ['warned', field({ ...S, minlength: 3 }), { a: 'x' }],
    ['warned', field({ ...S, $dynamicRef: '#x' }), { a: 'x' }],
    ['warned', field({ ...S, format: 'json-pointer' }), { a: 'z z' }],
    ['warned', field({ ...S, format: 'regex' }), { a: '(' }],
    ['warned', field({ ...S, format: 'isbn' }), { a: '1' }],
    ['warned', field({ ...S, contentEncoding: 'base16' }), { a: 'z' }],
    ['enforced a: ', field({ ...S, contentEncoding: 'base64' }), { a: '!' }],
    ['enforced a: ', field({ ...S, format: 'ipv4', pattern: '^x' }), { a: 'x' }],
    [
      'enforced a: ',
      field({
        format: 'ipv4',
        anyOf: [
          { ...S, minLength: 2 },
          { ...S, pattern: '^x' },
        ],
      }),
      { a: 'xyz' },
    ],
    ['enforced a: ', field({ ...S, format: 'ipv4', enum: ['x', '1.1.1.1'] }), { a: 'x' }],
    ...['2021-02-29', '1900-02-29', '2023-04-31', '2023-13-01', '2023-00-10', '2023-01-32'].flatMap(
      (day): [string, JsonObject, JsonObject][] => [
        ['enforced a: ', field({ ...S, format: 'date' }), { a: day }],
        ['enforced a: ', field({ ...S, format: 'date-time' }), { a: `${day}T00:00:00Z` }],
      ],
    ),
    ['enforced a: ', field({ ...I, format: 'int32' }), { a: 3e9 }],
    ['warned', field({ ...I, format: 'uint16' }), { a: 70_000 }],
    ['enforced __proto__: ', { properties: ofPrototype(S) }, ofPrototype(3)],
    ['enforced b: ', { properties: ofPrototype(S), additionalProperties: false }, { b: 'x' }],
  ])('%s: %j for %j', (expected, schema, forbidden) => {
    expect(fate(schema, forbidden)).toMatch(
      new RegExp(
        `^${expected.replace(/^enforced /, 'enforced Invalid spec: ').replaceAll(/[[\].]/g, String.raw`\$&`)}`,
      ),
    );
  });

  test.each<[JsonObject, JsonObject]>([
    [field({ ...S, format: 'date' }), { a: '2024-02-29' }],
    [field({ ...S, format: 'date' }), { a: '2000-02-29' }],
    [field({ ...S, format: 'date' }), { a: '0000-02-29' }],
    [{ properties: ofPrototype(S), additionalProperties: false }, ofPrototype('x')],
    [
      field({
        oneOf: [
          { ...S, minLength: 2 },
          { ...S, maxLength: 3 },
        ],
      }),
      { a: 'abcd' },
    ],
    [
      field({
        oneOf: [
          { ...X, ...has('x') },
          { type: 'object', properties: { y: S }, ...has('y') },
        ],
      }),
      { a: { y: '' } },
    ],
    [{ ...field({ ...X, additionalProperties: false }), additionalProperties: false }, { a: { x: 'y' } }],
    [field({ anyOf: [X, { ...X, ...has('x') }], unevaluatedProperties: false }), { a: { x: 'y' } }],
  ])('%j accepts %j without a warning', (schema, value) => {
    expect(fate(schema, value)).toBe('silent');
  });
});
