import { type } from 'arktype';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fromStandardSchema } from '../../../packages/sdk/src/notations/standard-schema.ts';
import type { JsonValue } from '@typekro/kit/core';
import { composed, difference } from './compare.ts';
import { type Library, objectOf } from './methods.ts';
import { specWith } from './values.ts';

/** A schema of each library, or of some of them, its outcome, and values that tell right from wrong definitions. */
interface Row {
  readonly zod?: unknown;
  readonly arktype?: unknown;
  readonly valibot?: unknown;
  /** The code of the refusal; absent if the schema must agree with its library. */
  readonly code?: string;
  readonly values?: readonly JsonValue[];
}

const NUMBERS: readonly JsonValue[] = [0, 1, -1, 1.5, 5, -5, 9e15, -9e15, 1e30];
const TEXTS: readonly JsonValue[] = ['', 'a', 'ab', 'abc', 'aax', 'ax', 'aabx', '\u0001x', '\u0002x', 'kx'];
const ALTERNATIVES: readonly JsonValue[] = [
  { type: 'x', a: 's' },
  { type: 'x', a: 's', b: 1 },
  { type: 'y', b: 1 },
  { type: 'y', a: 's', b: 1 },
  { type: 'x' },
];
const CASES_OF_LETTERS: readonly JsonValue[] = Array.from('aAéÉßΣσİıſǅⅣⅳⓐⒶª1漢𐐀𐐨K');
const MEMBERS: readonly JsonValue[] = [{}, { a: 1 }, { a: 1, b: 2 }, { c: 1 }, { a: null }];
const LETTERS: readonly JsonValue[] = [{}, { a: 'x' }, { a: null }, { b: 'y' }, { a: 'x', b: 1 }, { a: 1, b: 'y' }];
const zodDefault = z.string().default('x');
const valibotDefault = v.optional(v.string(), 'x');
const withoutX = <T extends { a: string }>({ a }: T) => a !== 'x';
const now = () => new Date().toISOString();

const ROWS: Readonly<Record<string, Row>> = {
  'an upper bound of Infinity': {
    zod: z.number().max(Infinity),
    arktype: type.number.atMost(Infinity),
    valibot: v.pipe(v.number(), v.maxValue(Infinity)),
    values: NUMBERS,
  },
  'an exclusive lower bound of -Infinity': {
    zod: z.number().gt(-Infinity),
    arktype: type.number.moreThan(-Infinity),
    valibot: v.pipe(v.number(), v.gtValue(-Infinity)),
    values: NUMBERS,
  },
  'a lower bound of Infinity': {
    zod: z.number().min(Infinity),
    arktype: type.number.atLeast(Infinity),
    valibot: v.pipe(v.number(), v.minValue(Infinity)),
    code: 'schema/never',
  },
  'a bound that is not a number': {
    zod: z.number().max(NaN),
    arktype: type.number.atLeast(NaN),
    valibot: v.pipe(v.number(), v.ltValue(NaN)),
    code: 'schema/never',
  },
  'bounds of an integer beyond 64 bits': {
    zod: z.int().max(1e20).gt(-1e20),
    arktype: type.number.divisibleBy(1).atMost(1e20),
    valibot: v.pipe(v.number(), v.integer(), v.maxValue(1e20), v.gtValue(-(2 ** 63))),
    values: NUMBERS,
  },
  'a bound of a number at the end of 64 bits': {
    zod: z
      .number()
      .lte(2 ** 63)
      .gte(-(2 ** 63)),
    arktype: type.number.atMost(2 ** 63).atLeast(-(2 ** 63)),
    valibot: v.pipe(v.number(), v.maxValue(2 ** 63), v.minValue(-(2 ** 63))),
    values: [...NUMBERS, 2 ** 63, -(2 ** 63), 2 ** 64, -(2 ** 64)],
  },
  'a lower bound of an integer that no 64-bit integer satisfies': {
    zod: z.int().min(1e20),
    arktype: type.number.divisibleBy(1).atLeast(1e20),
    valibot: v.pipe(v.number(), v.integer(), v.minValue(1e20)),
    code: 'schema/never',
  },
  'a divisor beyond 53 bits': {
    zod: z.number().multipleOf(1e20),
    arktype: type.number.divisibleBy(1e20),
    valibot: v.pipe(v.number(), v.multipleOf(1e20)),
    code: 'schema/transform',
  },
  'a multiple of an integer, of which a library tolerates neighbours': {
    zod: z.number().multipleOf(3),
    arktype: type.number.divisibleBy(3),
    valibot: v.pipe(v.number(), v.multipleOf(3)),
    values: [...NUMBERS, 3, 9.000000000000002, 3000000000000000, 3000000000000001],
  },
  'a constant beyond 64 bits': {
    zod: z.literal([1e20, 2]),
    arktype: type.enumerated(1e20, 2),
    valibot: v.picklist([1e20, 2]),
    values: [2, 3, 1e20],
  },
  'a default of an integer beyond 64 bits': {
    valibot: v.optional(v.pipe(v.number(), v.integer()), 1e20),
    code: 'schema/default',
  },
  'an infinite size': {
    zod: z.string().max(Infinity),
    valibot: v.pipe(v.string(), v.maxLength(Infinity)),
    values: TEXTS,
  },
  'an infinite number of items': {
    zod: z.array(z.int()).max(Infinity),
    valibot: v.pipe(v.array(v.number()), v.maxLength(1e20)),
    values: [[], [1], [1, 2]],
  },
  'an infinite number of members': {
    valibot: v.pipe(v.record(v.string(), v.number()), v.maxEntries(1e20), v.minEntries(-1)),
    values: [{}, { a: 1 }],
  },
  'fractions as sizes': {
    zod: z.string().min(0.5).max(1.5),
    valibot: v.pipe(v.string(), v.minLength(0.5), v.maxLength(1.5)),
    values: TEXTS,
  },
  'a negative size': {
    zod: z.string().max(-1),
    valibot: v.pipe(v.array(v.string()), v.maxLength(-1)),
    code: 'schema/never',
  },
  'a size that no value has': {
    zod: z.string().length(1.5),
    valibot: v.pipe(v.string(), v.minLength(Infinity)),
    code: 'schema/never',
  },
  'a default that reads the clock': {
    zod: z.string().default(now),
    arktype: type.string.default(now),
    valibot: v.optional(v.string(), now),
    code: 'schema/default',
  },
  'a default that is made of the clock, and changes once a year': {
    zod: z.string().prefault(() => Date().slice(11, 15)),
    arktype: type.number.default(() => new Date().getFullYear()),
    valibot: v.nullish(v.boolean(), () => Date.now() > 0),
    code: 'schema/default',
  },
  'a default that reads random numbers': {
    zod: z.boolean().default(() => Math.random() < 2),
    arktype: type.string.default(() => globalThis.crypto.randomUUID().slice(14, 15)),
    valibot: v.optional(v.boolean(), () => globalThis.performance.now() > 0),
    code: 'schema/default',
  },
  'a default that converts a constant date': {
    zod: z.string().default(() => new Date(0).toISOString()),
    arktype: type.string.default(() => new Date(0).toISOString()),
    valibot: v.optional(v.string(), () => new Date(0).toISOString()),
    values: TEXTS,
  },
  'a back reference to a group of a look-ahead': {
    zod: z.string().regex(/^(?=(a|b))\1x/),
    arktype: type(/^(?=(a|b))\1x/),
    valibot: v.pipe(v.string(), v.regex(/^(?=(a|b))\1x/)),
    code: 'schema/pattern',
  },
  'a back reference by name beside a look-ahead': {
    zod: z.string().regex(/^(?=(?<n>a|b))\k<n>x/),
    arktype: type(/^(?=(?<n>a|b))\k<n>x/),
    valibot: v.pipe(v.string(), v.regex(/^(?=(?<n>a|b))\k<n>x/)),
    code: 'schema/pattern',
  },
  'a back reference behind a look-ahead with a group': {
    zod: z.string().regex(/^(?=(a))(a)\2b?x/),
    arktype: type(/^(?=(a))(a)\2b?x/),
    valibot: v.pipe(v.string(), v.regex(/^(?=(a))(a)\2b?x/)),
    code: 'schema/pattern',
  },
  'a back reference beside look-behind': {
    zod: z.string().regex(/^(?<=(a|))\1x/),
    arktype: type(/^(?<=(a|))\1x/),
    valibot: v.pipe(v.string(), v.regex(/^(?<=(a|))\1x/)),
    code: 'schema/pattern',
  },
  'characters without a category, in any case': {
    zod: z.string().regex(/^\P{Lu}x/iu),
    arktype: type(/^\P{Lu}x/iu),
    valibot: v.pipe(v.string(), v.regex(/^\P{Lu}x/iu)),
    code: 'schema/pattern',
  },
  'an octal escape in a class beside a look-ahead': {
    zod: z.string().regex(new RegExp(String.raw`^(?!k)[\1\2k]x`)),
    arktype: type(new RegExp(String.raw`^(?!k)[\1\2k]x`)),
    valibot: v.pipe(v.string(), v.regex(new RegExp(String.raw`^(?!k)[\1\2k]x`))),
    values: TEXTS,
  },
  'alternatives that drop undeclared members': {
    zod: z.union([z.object({ type: z.literal('x'), a: z.string() }), z.object({ type: z.literal('y'), b: z.int() })]),
    arktype: type({ '+': 'delete', type: "'x'", a: 'string' }).or({ '+': 'delete', type: "'y'", b: 'number.integer' }),
    valibot: v.variant('type', [
      v.object({ type: v.literal('x'), a: v.string() }),
      v.object({ type: v.literal('y'), b: v.pipe(v.number(), v.integer()) }),
    ]),
    values: ALTERNATIVES,
  },
  'alternatives that refuse undeclared members': {
    zod: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('x'), a: z.string() }),
      z.object({ type: z.literal('y'), b: z.int() }),
    ]),
    arktype: type({ '+': 'reject', type: "'x'", a: 'string' }).or({ type: "'y'", b: 'number.integer' }),
    valibot: v.variant('type', [
      v.object({ type: v.literal('x'), a: v.string() }),
      v.strictObject({ type: v.literal('y'), b: v.pipe(v.number(), v.integer()) }),
    ]),
    values: ALTERNATIVES,
  },
  'alternatives that are intersections': {
    zod: z.union([
      z.intersection(z.object({ type: z.literal('x') }), z.object({ a: z.string() })),
      z
        .object({ type: z.literal('y'), b: z.int() })
        .nullable()
        .describe('y'),
    ]),
    arktype: type({ '+': 'delete', type: "'x'" })
      .and({ '+': 'delete', 'type?': 'string', 'a?': 'string' })
      .or({ '+': 'delete', type: "'y'", b: 'number' }),
    valibot: v.union([
      v.intersect([v.object({ type: v.literal('x') }), v.object({ a: v.string() })]),
      v.lazy(() => v.object({ type: v.literal('y'), b: v.number() })),
    ]),
    values: ALTERNATIVES,
  },
  'rules of the items of a list without a limit': {
    zod: z.array(z.string().trim()),
    arktype: type('string.trim').array(),
    valibot: v.array(v.pipe(v.string(), v.trim())),
    code: 'schema/rule',
  },
  'rules of the values of a map without a limit': {
    zod: z.record(z.string(), z.string().regex(/^(?!b)[a-z]+$/)),
    arktype: type({ '[string]': type(/^(?!b)[a-z]+$/) }),
    valibot: v.record(v.string(), v.pipe(v.string(), v.excludes('b'))),
    code: 'schema/rule',
  },
  'rules of the items of a list with limits': {
    zod: z.array(z.string().trim().max(10)).max(10),
    arktype: type('string.trim').to('string<=10').array().atMostLength(10),
    valibot: v.pipe(v.array(v.pipe(v.string(), v.trim(), v.maxLength(10))), v.maxLength(10)),
    values: [[], ['a'], [' a']],
  },
  'a union of long patterns without a limit': { arktype: type('string.email|string.uuid'), code: 'schema/rule' },
  'a union of long patterns with a limit': {
    zod: z.union([z.email().max(64), z.literal('abc')]),
    arktype: type('string.email|string.uuid').and('string<=64'),
    valibot: v.union([v.pipe(v.string(), v.email(), v.maxLength(64)), v.picklist(['abc', 'ab'])]),
    values: [...TEXTS, 'a@b.co'],
  },
  'a rule that counts the members of a map without a limit': {
    zod: z.record(z.string(), z.string()).refine((map) => Object.keys(map).length > 1),
    arktype: type('Record<string, string>').narrow((map) => Object.keys(map).length > 1),
    valibot: v.pipe(
      v.record(v.string(), v.string()),
      v.check((map) => Object.keys(map).length > 1),
    ),
    code: 'schema/rule',
  },
  'a rule that parses a number without a limit of the length': {
    zod: z.string().refine((text) => Number(text) > 5),
    arktype: type.string.narrow((text) => Number(text) > 5),
    valibot: v.pipe(
      v.string(),
      v.check((text) => text.padStart(5) !== 'a'),
    ),
    code: 'schema/rule',
  },
  'a rule that converts a number to text': {
    zod: z.number().refine((number) => number.toFixed(2) !== '1.00'),
    arktype: type.number.narrow((number) => `${number}` !== '1'),
    valibot: v.pipe(
      v.number(),
      v.check((number) => String(number) !== '1'),
    ),
    code: 'schema/rule',
  },
  'a default that a later check refuses': {
    zod: z.string().default('d').pipe(z.string().min(2)),
    valibot: v.pipe(
      v.optional(v.string(), 'd'),
      v.check((text) => text !== 'd'),
    ),
    code: 'schema/default',
  },
  'a default that a later check accepts': {
    zod: z.string().default('de').pipe(z.string().min(2)),
    valibot: v.pipe(
      v.optional(v.string(), 'de'),
      v.check((text) => text !== 'd'),
    ),
    values: TEXTS,
  },
  'a default that a function after it refuses': {
    zod: z
      .string()
      .default('d')
      .refine((text) => text !== 'd'),
    code: 'schema/default',
  },
  'a rule that compares a text with its lower case': {
    zod: z.string().refine((text) => text.toLowerCase() === text),
    arktype: type.string.narrow((text) => text === text.toLowerCase()),
    valibot: v.pipe(
      v.string(),
      v.check((text) => text.toLowerCase() === text),
    ),
    values: CASES_OF_LETTERS,
  },
  'a rule that compares a text with its upper case': {
    zod: z.string().refine((text) => text.toUpperCase() === text),
    arktype: type.string.narrow((text) => text !== text.toUpperCase()),
    valibot: v.pipe(
      v.string(),
      v.check((text) => text === text.toUpperCase()),
    ),
    values: CASES_OF_LETTERS,
  },
  'a map of optional values with listed names': {
    zod: z.record(z.enum(['a', 'b']), z.int().optional()),
    arktype: type({ 'a?': 'number.integer|undefined', 'b?': 'number.integer' }),
    valibot: v.record(v.picklist(['a', 'b']), v.optional(v.pipe(v.number(), v.integer()))),
    values: MEMBERS,
  },
  'a map of values with a default and listed names': {
    zod: z.record(z.enum(['a', 'b']), z.int().default(3)),
    values: MEMBERS,
  },
  'a default of absent members of a map': {
    zod: z.partialRecord(z.enum(['a', 'b']), z.int().default(3)).default({}),
    valibot: v.optional(v.record(v.picklist(['a', 'b']), v.optional(v.number(), 3)), {}),
    code: 'schema/default',
  },
  'a default inside an optional type, which does not apply it': {
    zod: z.intersection(z.string().default('a'), z.string().max(5)).optional(),
    valibot: v.optional(v.optional(v.string(), 'a')),
    values: TEXTS,
  },
  'a default that the other part of an intersection refuses': {
    zod: z.intersection(z.string().default('abcdefg'), z.string().max(5)),
    valibot: v.intersect([v.optional(v.string(), 'abcdefg'), v.pipe(v.string(), v.maxLength(5))]),
    values: TEXTS,
  },
  'a default of an intersection inside an optional type': {
    zod: z.object({ a: z.string(), b: z.intersection(z.string().default('a'), z.string()).optional() }),
    valibot: v.nullish(v.intersect([v.optional(v.string(), 'a'), v.string()])),
    values: [...TEXTS, ...MEMBERS, { a: 'a' }],
  },
  'a default of a member that is required again': {
    zod: z.object({ a: zodDefault.nonoptional(), c: zodDefault }).required({ c: true }),
    valibot: v.object({ a: v.nonOptional(valibotDefault), c: v.nonNullish(v.nullish(v.string(), 'x')) }),
    values: [...LETTERS, { c: 'x' }, { a: 'x', c: 'y' }],
  },
  'a default of all members that are required again': {
    zod: z.object({ a: zodDefault }).required(),
    valibot: v.required(v.object({ a: valibotDefault })),
    values: LETTERS,
  },
  'a default inside a type that takes no absent member': {
    zod: z.object({ a: z.intersection(zodDefault, zodDefault) }),
    valibot: v.object({ a: v.lazy(() => valibotDefault), b: v.undefinedable(v.string(), 'x') }),
    values: [...LETTERS, { a: 'x', b: 'y' }],
  },
  'a default of one part of an intersection, and no default of another part': {
    zod: z.object({ a: zodDefault, b: z.string() }).and(z.object({ a: z.string().optional() })),
    valibot: v.intersect([
      v.object({ a: valibotDefault, b: v.string() }),
      v.object({ a: v.optional(v.string()), b: v.string() }),
    ]),
    values: LETTERS,
  },
  'a default of one part of an intersection, in which another part requires the member': {
    zod: z.object({ a: zodDefault }).and(z.object({ a: z.string() })),
    valibot: v.intersect([v.object({ a: valibotDefault }), v.object({ a: v.string() })]),
    code: 'schema/default',
  },
  'two defaults of a member of an intersection': {
    zod: z.object({ a: zodDefault, b: z.string() }).and(z.object({ a: z.string().default('y') })),
    valibot: v.intersect([
      v.object({ a: valibotDefault, b: v.string() }),
      v.object({ a: v.optional(v.string(), 'y') }),
    ]),
    code: 'schema/default',
  },
  'the same default in both parts of an intersection': {
    zod: z.object({ a: zodDefault, b: z.string() }).and(z.object({ a: zodDefault })),
    valibot: v.intersect([v.object({ a: valibotDefault, b: v.string() }), v.object({ a: valibotDefault })]),
    values: LETTERS,
  },
  'a default that a check of the object refuses': {
    zod: z.object({ a: zodDefault, b: z.string() }).refine(withoutX),
    valibot: v.pipe(v.object({ a: valibotDefault, b: v.string() }), v.check(withoutX)),
    code: 'schema/default',
  },
  'a default that a check of the object refuses, in an object with another default': {
    zod: z.object({ a: zodDefault }).refine(withoutX).prefault({ a: 'z' }),
    valibot: v.optional(v.pipe(v.object({ a: valibotDefault }), v.check(withoutX)), { a: 'z' }),
    code: 'schema/default',
  },
  'a map with listed names whose values have a default, with a default itself': {
    zod: z.record(z.enum(['a', 'b']), zodDefault).prefault({}),
    values: LETTERS,
  },
  'alternatives of which each drops the members of the other one': {
    zod: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
    arktype: type({ '+': 'reject', a: 'string' }).or({ '+': 'reject', b: 'string' }),
    valibot: v.union([v.object({ a: v.string() }), v.object({ b: v.string() })]),
    values: LETTERS,
  },
  'alternatives of which each keeps the members of the other one': {
    arktype: type({ a: 'string' }).or({ b: 'string' }),
    code: 'schema/union',
  },
  'an alternative with more members before one that accepts its other values': {
    arktype: type({ a: 'string', b: 'string' }).or({ a: '"x"' }),
    code: 'schema/union',
  },
};

const LIBRARIES: readonly Library[] = ['zod', 'arktype', 'valibot'];
const CASES = Object.entries(ROWS).flatMap(([text, row]) =>
  LIBRARIES.filter((library) => row[library] !== undefined).map((library) => [library, text, row] as const),
);

test.each(CASES)(
  'a schema of %s with %s has a definition that agrees with the library, or a code',
  (library, _text, row) => {
    const spec = objectOf(library, { field: row[library] });
    const result = composed(spec);
    if (row.code !== undefined || result.codes !== undefined) {
      expect(result.codes).toEqual([row.code]);
      return;
    }
    const differences = [undefined, ...(row.values ?? [])].map((value) =>
      difference(spec, result, specWith('field', value)),
    );
    expect(differences.filter((text) => text !== undefined)).toEqual([]);
  },
);

test('the host has its own functions after a default was read', () => {
  const [date, own, random] = [Date, Date.now, Math.random];
  composed(objectOf('zod', { field: z.string().default(now) }));
  expect([Date === date, Date.now === own, Math.random === random]).toEqual([true, true, true]);
  expect(Object.keys(Object.getOwnPropertyDescriptors(globalThis.crypto))).not.toContain('randomUUID');
});

const doubled = (schema: unknown, wrap: (inner: unknown) => unknown): unknown => {
  let found = schema;
  for (let level = 0; level < 40; level += 1) found = wrap(found);
  return found;
};
const endlessZod = (): z.ZodType => z.object({ next: z.lazy(endlessZod), last: z.lazy(endlessZod) });
const endlessValibot = (): v.GenericSchema => v.object({ next: v.lazy(endlessValibot), last: v.lazy(endlessValibot) });
const SHARED = /more than 100000 parts: a part that stands in several places counts in each$/;
const ENDLESS =
  /^field (?:next\.)+next: the type has more than 100 levels, or no end: a lazy type may make itself anew$/;

// arktype itself takes exponential time for such a type.
test.each<[string, () => unknown, RegExp]>([
  ['zod', () => doubled(z.string(), (inner) => z.object({ a: inner as z.ZodType, b: inner as z.ZodType })), SHARED],
  ['valibot', () => doubled(v.string(), (a) => v.object({ a, b: a } as v.ObjectEntries)), SHARED],
  ['JSON Schema', () => doubled({ type: 'string' }, (a) => ({ type: 'object', properties: { a, b: a } })), SHARED],
  ['zod without an end', endlessZod, ENDLESS],
  ['valibot without an end', endlessValibot, ENDLESS],
])('a type of %s with 2^40 fields is refused at once', (_, make, message) => {
  const { diagnostics } = fromStandardSchema(make());
  expect(diagnostics).toMatchObject([
    {
      code: 'schema/too-deep',
      message: expect.stringMatching(message) as string,
      hint: 'use object for the inner part',
    },
  ]);
});
