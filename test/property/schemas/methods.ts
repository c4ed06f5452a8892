import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import type { SchemaInput } from '@typekro/sdk/compose';

/**
 * What becomes of a method:
 *
 * - `same`: the definition accepts the same values.
 * - `rule`: the function becomes a rule of the definition.
 * - `result`: the definition accepts only results of the transform, and the SDK transforms the values that it writes.
 * - the code of an error: the schema is refused.
 */
export type Outcome = 'same' | 'rule' | 'result' | `schema/${string}`;

/** A method of a library, with a schema that uses it. */
export interface Method {
  readonly library: Library;
  /** The method as an author writes it. */
  readonly text: string;
  readonly outcome: Outcome;
  readonly schema: SchemaInput;
}

export type Library = 'zod' | 'arktype' | 'valibot';

const rows =
  (library: Library, outcome: Outcome) =>
  (schemas: Readonly<Record<string, unknown>>): Method[] =>
    Object.entries(schemas).map(([text, schema]) => ({ library, text, outcome, schema: schema as SchemaInput }));

const startsWithA = (text: string): boolean => text.startsWith('a');
const isSmall = (map: object): boolean => Object.keys(map).length < 3;
let calls = 0;
const counted = (): string => `n${(calls += 1)}`;
/** An enum of TypeScript with numbers, as it is at run time: it also maps the numbers to the names. */
const Level = { Low: 1, High: 2, 1: 'Low', 2: 'High' } as const;
const Tier = { Free: 'free', Paid: 'paid' } as const;
type Tree = { value: string; next?: Tree | undefined };
const zodTree: z.ZodType<Tree> = z.lazy(() => z.object({ value: z.string(), next: zodTree.optional() }));
const valibotTree: v.GenericSchema<Tree> = v.object({ value: v.string(), next: v.optional(v.lazy(() => valibotTree)) });

const zodMethods: Method[] = [
  ...rows(
    'zod',
    'same',
  )({
    'z.string()': z.string(),
    'min() and max() of a string': z.string().min(2).max(4),
    'length()': z.string().length(3),
    'nonempty()': z.string().nonempty(),
    'regex()': z.string().regex(/^[a-z]+$/),
    'regex() with flags': z.string().regex(/^a.b$/is),
    'regex() with a look-ahead at its start': z.string().regex(/^(?!kube-)[a-z-]+$/),
    'two calls of regex()': z.string().regex(/^a/).regex(/c$/),
    'startsWith()': z.string().startsWith('a.'),
    'endsWith()': z.string().endsWith('c'),
    'includes()': z.string().includes('b'),
    'lowercase()': z.string().lowercase(),
    'uppercase()': z.string().uppercase(),
    'z.email()': z.email(),
    'z.uuid()': z.uuid(),
    'z.guid()': z.guid(),
    'z.nanoid()': z.nanoid(),
    'z.cuid2()': z.cuid2(),
    'z.ulid()': z.ulid(),
    'z.ipv4()': z.ipv4(),
    'z.cidrv4()': z.cidrv4(),
    'z.mac()': z.mac(),
    'z.e164()': z.e164(),
    'z.hostname()': z.hostname(),
    'z.hex()': z.hex(),
    'z.base64()': z.base64(),
    'z.base64url()': z.base64url(),
    'z.iso.date()': z.iso.date(),
    'z.iso.time()': z.iso.time(),
    'z.iso.datetime()': z.iso.datetime({ offset: true }),
    'z.templateLiteral()': z.templateLiteral(['v', z.int()]),
    'z.number()': z.number(),
    'gte() and lte()': z.number().gte(1.5).lte(3),
    'gt() and lt()': z.number().gt(0).lt(3),
    'positive(), nonnegative(), negative(), nonpositive()': z.number().positive(),
    'multipleOf() of an integer': z.number().multipleOf(2),
    'z.int()': z.int(),
    'z.int() with bounds': z.int().min(0.5).max(2),
    'z.int32()': z.int32(),
    'z.uint32()': z.uint32(),
    'z.float32() and z.float64()': z.float32(),
    'z.boolean()': z.boolean(),
    'z.literal()': z.literal('a'),
    'z.literal() of several values': z.literal([1, 2.5]),
    'z.enum()': z.enum(['abc', 'b']),
    'z.enum() of an enum of TypeScript': z.enum(Level),
    'z.array()': z.array(z.string()).min(1).max(2),
    'z.tuple() of equal items': z.tuple([z.string(), z.string()]),
    'z.record()': z.record(z.string(), z.number()),
    'z.record() of an enum': z.record(z.enum(['a', 'b']), z.int()),
    'z.partialRecord() of an enum': z.partialRecord(z.enum(['a', 'b']), z.int()),
    'z.object(), which drops other members': z.object({ a: z.string(), b: z.int().optional() }),
    'z.strictObject(), which refuses other members': z.strictObject({ a: z.string() }),
    'extend(), pick(), omit(), partial()': z.object({ a: z.string() }).extend({ b: z.int() }).partial(),
    'optional()': z.string().optional(),
    'exactOptional()': z.string().exactOptional(),
    'nullable() and nullish(): null is stored as an absent member': z.string().nullable(),
    'nullish()': z.string().nullish(),
    'nonoptional()': z.string().optional().nonoptional(),
    'nonoptional() and required() of a default: the member is required': z.object({
      a: z.string().default('abc').nonoptional(),
    }),
    'default() of a constant': z.string().default('abc'),
    'default() of a function that returns a constant': z.array(z.string()).default(() => ['a']),
    'prefault() of a constant': z.string().prefault('abc'),
    'default() of an object': z.object({ a: z.string().default('abc') }).prefault({}),
    'z.union() of one type': z.union([z.string().min(3), z.literal('b')]),
    'z.discriminatedUnion()': z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a'), a: z.string() }),
      z.object({ kind: z.literal('b'), b: z.int().optional() }),
    ]),
    'z.intersection() and and()': z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })),
    'pipe() of two checks of a scalar': z.string().pipe(z.string().min(3)),
    'readonly(), brand(), describe(), meta()': z.string().brand('Name').readonly().describe('a name'),
    'z.undefined(), z.void(): the field is left out': z.undefined(),
    'z.lazy() without recursion': z.lazy(() => z.string()),
  }),
  ...rows(
    'zod',
    'rule',
  )({
    'refine() of a function that the tracer can read': z.string().refine(startsWithA, 'begin with a'),
    'refine() of an object': z
      .object({ a: z.int(), b: z.int() })
      .refine(({ a, b }) => a < b, { message: 'a must be less than b' }),
    'refine() of a list item': z.array(z.string().refine(startsWithA)),
    'refine() of an optional value': z.string().refine(startsWithA).optional(),
    'z.stringFormat()': z.stringFormat('a', startsWithA),
  }),
  ...rows(
    'zod',
    'result',
  )({
    'trim()': z.string().trim(),
    'toLowerCase()': z.string().toLowerCase(),
    'toUpperCase()': z.string().toUpperCase(),
    'trim() before other checks': z.string().trim().min(2).regex(/^\w/),
  }),
  ...rows(
    'zod',
    'schema/transform',
  )({
    'trim() after other checks': z.string().min(2).trim(),
    'normalize()': z.string().normalize(),
    'slugify()': z.string().slugify(),
    'overwrite()': z.string().overwrite((text) => `${text}!`),
    'transform()': z.string().transform((text) => text.length),
    'pipe() after a transform': z.string().transform(Number).pipe(z.number()),
    'z.codec()': z.codec(z.string(), z.number(), { decode: Number, encode: String }),
    'z.stringbool()': z.stringbool(),
    'z.preprocess()': z.preprocess(String, z.string()),
    'z.coerce': z.coerce.number(),
    'catch()': z.enum(['a', 'b']).catch('a'),
    'superRefine() and check()': z.string().superRefine(() => undefined),
    'refine() of a function that the tracer cannot read': z.string().refine((text) => text.localeCompare('a') > 0),
    'refine() that refuses an absent value': z
      .string()
      .optional()
      .refine((text) => text !== undefined),
    'multipleOf() of a fraction': z.number().multipleOf(0.1),
    'z.url()': z.url(),
    'z.ipv6() and z.cidrv6()': z.ipv6(),
    'z.jwt(), z.iban(), z.creditCard()': z.jwt(),
    'z.tuple() of several types': z.tuple([z.string(), z.int()]),
    'z.record() with other keys': z.record(z.string().min(2), z.int()),
    'z.looseRecord()': z.looseRecord(z.string(), z.int()),
    'z.xor()': z.xor([z.string(), z.literal('a')]),
  }),
  ...rows(
    'zod',
    'schema/default',
  )({
    'default() of a function that is not constant': z.string().default(counted),
    'default() that the type refuses': z.string().min(9).default('abc'),
    'default() next to nullable()': z.string().nullable().default('abc'),
    'an object without a default, in which a field has one': z.object({ a: z.string().default('abc') }).optional(),
    'default() in one part of and(), if another part requires the member or has another default': z
      .object({ a: z.string().default('abc') })
      .and(z.object({ a: z.string() })),
  }),
  ...rows(
    'zod',
    'schema/rule',
  )({
    'trim() and other rules of the items of a list or map without a limit': z.array(z.string().trim()),
    'refine() of the size of a map without a limit': z.record(z.string(), z.int()).refine(isSmall),
    'refine() with a conversion of a number or object to text': z.number().refine((number) => String(number) !== '1'),
  }),
  ...rows(
    'zod',
    'schema/pattern',
  )({
    'regex() with other look-around or a back reference': z.string().regex(/a(?=b)/),
    'z.iso.duration() and z.emoji()': z.iso.duration(),
  }),
  ...rows(
    'zod',
    'schema/unsupported-type',
  )({
    'z.bigint(), z.int64(), z.uint64()': z.bigint(),
    'z.date()': z.date(),
    'z.map(), z.set()': z.set(z.string()),
    'z.symbol(), z.nan(), z.file(), z.function(), z.promise()': z.nan(),
    'z.custom(), z.instanceof()': z.custom<string>(),
  }),
  ...rows('zod', 'schema/any')({ 'z.any(), z.unknown()': z.any() }),
  ...rows('zod', 'schema/never')({ 'z.never()': z.never() }),
  ...rows('zod', 'schema/null-only')({ 'z.null()': z.null() }),
  ...rows('zod', 'schema/null-element')({ 'nullable() of a list item': z.array(z.string().nullable()) }),
  ...rows('zod', 'schema/recursive')({ 'recursive types': zodTree }),
  ...rows('zod', 'schema/open-object')({ 'z.looseObject(), catchall()': z.looseObject({ a: z.string() }) }),
  ...rows(
    'zod',
    'schema/union',
  )({
    'z.union() of several types': z.union([z.string(), z.int()]),
    'z.union() of objects that overlap': z.union([
      z.object({ a: z.string() }),
      z.object({ a: z.string(), b: z.int() }),
    ]),
  }),
];

const arktypeMethods: Method[] = [
  ...rows(
    'arktype',
    'same',
  )({
    string: type('string'),
    '1<=string<=3': type('1<=string<=3'),
    'string==3': type('string==3'),
    'patterns, also with flags and a look-ahead at the start': type(/^(?!b)[a-z]+$/i),
    'an intersection of patterns': type(/^a/).and(/c$/),
    'string.alpha, string.digits, string.hex and similar': type('string.alphanumeric'),
    'string.email': type('string.email'),
    'string.uuid': type('string.uuid'),
    'string.ip with a limit of the length': type('string.ip').and('string<=64'),
    'string.semver': type('string.semver'),
    'string.numeric, string.integer': type('string.numeric'),
    'string.base64': type('string.base64'),
    number: type('number'),
    '0<number<=3': type('0<number<=3'),
    'number.integer': type('number.integer'),
    'number%2': type('number%2'),
    'number.safe': type('number.safe'),
    boolean: type('boolean'),
    'constants and enumerations': type("'abc'|'b'"),
    'string[]': type('1<=string[]<=2'),
    'a tuple of equal items': type(['string', 'string']),
    'Record<string, T>': type('Record<string, number>'),
    'objects, whose other members are not stored': type({ a: 'string', 'b?': 'number.integer' }),
    "'+': 'reject'": type({ '+': 'reject', a: 'string' }),
    "'+': 'delete'": type({ '+': 'delete', a: 'string' }),
    'optional keys': type({ 'a?': 'string' }),
    'null in a union: it is stored as an absent member': type('string|null'),
    'undefined: the field is left out': type('undefined'),
    'undefined in a union: it is an absent member': type('string|undefined'),
    'defaults of constants': type({ a: 'string = "abc"', b: 'string' }),
    'default functions that return a constant': type({ a: type('string[]').default(() => ['a']), b: 'string' }),
    'an object with the default {}': type({ b: 'string', c: type({ a: 'string = "abc"' }).default(() => ({})) }),
    'unions of one type': type("string>=3|'b'"),
    'discriminated unions': type({ kind: "'a'", a: 'string' }).or({ kind: "'b'", 'b?': 'number.integer' }),
    'and()': type({ a: 'string' }).and({ b: 'number.integer' }),
    'brand, describe()': type('string#name').describe('a name'),
  }),
  ...rows(
    'arktype',
    'rule',
  )({
    'narrow() of a function that the tracer can read': type('string').narrow((text) => text.startsWith('a')),
    'narrow() of an object': type({ a: 'number.integer', b: 'number.integer' }).narrow(({ a, b }) => a < b),
  }),
  ...rows(
    'arktype',
    'result',
  )({
    'string.trim': type('string.trim'),
    'string.lower': type('string.lower'),
    'string.upper': type('string.upper'),
    'to() a check of the result': type('string.trim').to('string>=2'),
  }),
  ...rows(
    'arktype',
    'schema/transform',
  )({
    'pipe()': type('string').pipe((text) => text.length),
    'string.capitalize, string.normalize': type('string.capitalize'),
    'string.numeric.parse and other parsers': type('string.numeric.parse'),
    'narrow() with the context': type('string').narrow((text, context) => text !== 'a' || context.mustBe('b')),
    'string.url, string.json, string.creditCard': type('string.url'),
    'string.date.parse': type('string.date.parse'),
    'a morph in a union': type('string.trim').or('boolean'),
    'a tuple of several types': type(['string', 'number']),
    'a list with optional or last items': type(['string', 'string?']),
    'a map with restricted keys': type({ '[/^a/]': 'string' }),
  }),
  ...rows(
    'arktype',
    'schema/default',
  )({
    'default functions that are not constant': type({ a: type('string').default(counted) }),
    'a default next to null': type({ a: type('string|null').default('abc') }),
    'an object without a default, in which a field has one': type({ 'a?': { b: 'string = "abc"' } }),
  }),
  ...rows(
    'arktype',
    'schema/rule',
  )({
    'string.ip and other unions of long patterns without a limit of the length': type('string.ip'),
    'string.trim and other rules of the items of a list or map without a limit': type('string.trim').array(),
  }),
  ...rows(
    'arktype',
    'schema/pattern',
  )({ 'patterns with other look-around or a back reference, as in string.date.iso': type('string.date.iso') }),
  ...rows(
    'arktype',
    'schema/unsupported-type',
  )({ bigint: type('bigint'), 'Date, Map, Set and other classes': type('Date'), symbol: type('symbol') }),
  ...rows('arktype', 'schema/any')({ unknown: type('unknown') }),
  ...rows('arktype', 'schema/null-only')({ null: type('null') }),
  ...rows('arktype', 'schema/null-element')({ 'null in a list': type('(string|null)[]') }),
  ...rows(
    'arktype',
    'schema/union',
  )({
    'unions of several types': type('string|number'),
    'unions of objects that overlap': type({ a: 'string' }).or({ b: 'string' }),
  }),
  ...rows(
    'arktype',
    'schema/recursive',
  )({ 'recursive types': type.module({ tree: { value: 'string', 'next?': 'tree' } }).tree }),
];

const valibotMethods: Method[] = [
  ...rows(
    'valibot',
    'same',
  )({
    'string()': v.string(),
    'minLength(), maxLength(), length(), nonEmpty(), empty()': v.pipe(v.string(), v.minLength(2), v.maxLength(4)),
    'minCodePoints(), maxCodePoints(), codePoints()': v.pipe(v.string(), v.maxCodePoints(3)),
    'regex()': v.pipe(v.string(), v.regex(/^(?!b)[a-z]+$/i)),
    'startsWith(), endsWith(), includes(), excludes()': v.pipe(v.string(), v.startsWith('a'), v.excludes('b')),
    'email(), rfcEmail()': v.pipe(v.string(), v.email()),
    'uuid(), nanoid(), cuid2(), ulid()': v.pipe(v.string(), v.uuid()),
    'ip(), ipv4(), ipv6(), mac()': v.pipe(v.string(), v.ipv4()),
    'isoDate(), isoTime(), isoTimestamp()': v.pipe(v.string(), v.isoTimestamp()),
    'base64(), hexadecimal(), digits(), slug()': v.pipe(v.string(), v.slug()),
    'number()': v.number(),
    'integer(), safeInteger(), finite()': v.pipe(v.number(), v.integer()),
    'minValue(), maxValue(), gtValue(), ltValue()': v.pipe(v.number(), v.minValue(1), v.ltValue(3)),
    'multipleOf() of an integer': v.pipe(v.number(), v.integer(), v.multipleOf(2)),
    'boolean()': v.boolean(),
    'literal()': v.literal('abc'),
    'picklist()': v.picklist(['abc', 'b']),
    'enum()': v.enum(Tier),
    'array()': v.pipe(v.array(v.string()), v.minLength(1)),
    'tuple(), strictTuple() of equal items': v.tuple([v.string(), v.string()]),
    'record()': v.record(v.string(), v.number()),
    'record() of a picklist': v.record(v.picklist(['a', 'b']), v.number()),
    'minEntries(), maxEntries() of a record': v.pipe(v.record(v.string(), v.number()), v.minEntries(1)),
    'object(), which drops other members': v.object({ a: v.string(), b: v.optional(v.number()) }),
    'strictObject(), which refuses other members': v.strictObject({ a: v.string() }),
    'optional(), exactOptional(), undefinedable()': v.optional(v.string()),
    'nullable(), nullish(): null is stored as an absent member': v.nullable(v.string()),
    'nonOptional(), nonNullable(), nonNullish()': v.nonNullish(v.nullish(v.string())),
    'nonOptional(), nonNullish() and required() of a default, undefinedable() and lazy() with one: the member is required':
      v.object({ a: v.nonOptional(v.optional(v.string(), 'abc')) }),
    'a constant as the default of optional() and nullish()': v.nullish(v.string(), 'abc'),
    'a default function that returns a constant': v.optional(v.array(v.string()), () => ['a']),
    'an object with the default {}': v.optional(v.object({ a: v.optional(v.string(), 'abc') }), {}),
    'union() of one type': v.union([v.pipe(v.string(), v.minLength(3)), v.literal('b')]),
    'variant()': v.variant('kind', [
      v.object({ kind: v.literal('a'), a: v.string() }),
      v.object({ kind: v.literal('b'), b: v.optional(v.number()) }),
    ]),
    'intersect()': v.intersect([v.object({ a: v.string() }), v.object({ b: v.number() })]),
    'brand(), readonly(), title(), description(), metadata()': v.pipe(
      v.string(),
      v.brand('n'),
      v.description('a name'),
    ),
    'undefined(), void(): the field is left out': v.void(),
    'lazy() without recursion': v.lazy(() => v.string()),
  }),
  ...rows(
    'valibot',
    'rule',
  )({
    'check() of a function that the tracer can read': v.pipe(v.string(), v.check(startsWithA, 'begin with a')),
    'check() of an object': v.pipe(
      v.object({ a: v.number(), b: v.number() }),
      v.check(({ a, b }) => a < b),
    ),
  }),
  ...rows(
    'valibot',
    'result',
  )({
    'trim()': v.pipe(v.string(), v.trim(), v.minLength(2)),
    'trimStart(), trimEnd()': v.pipe(v.string(), v.trimStart()),
    'toLowerCase()': v.pipe(v.string(), v.toLowerCase()),
    'toUpperCase()': v.pipe(v.string(), v.toUpperCase()),
  }),
  ...rows(
    'valibot',
    'schema/transform',
  )({
    'trim() after other checks': v.pipe(v.string(), v.minLength(2), v.trim()),
    'transform(), rawTransform()': v.pipe(
      v.string(),
      v.transform((text) => text.length),
    ),
    'normalize(), toCamelCase() and similar': v.pipe(v.string(), v.normalize()),
    'toNumber(), toString(), toDate(), parseJson()': v.pipe(v.string(), v.toNumber()),
    'toMinValue(), toMaxValue()': v.pipe(v.number(), v.toMinValue(1)),
    'fallback()': v.fallback(v.string(), 'abc'),
    'rawCheck(), partialCheck(), checkItems()': v.pipe(
      v.string(),
      v.rawCheck(() => undefined),
    ),
    'check() of a function that the tracer cannot read': v.pipe(
      v.string(),
      v.check((text) => text.localeCompare('a') > 0),
    ),
    'url(), creditCard(), imei(), isbn()': v.pipe(v.string(), v.url()),
    'bytes, words and graphemes': v.pipe(v.string(), v.maxBytes(3)),
    'value(), values(), notValue()': v.pipe(v.string(), v.notValue('a')),
    'minValue() of a string': v.pipe(v.string(), v.minValue('b')),
    'multipleOf() of a fraction': v.pipe(v.number(), v.multipleOf(0.1)),
    'looseTuple()': v.looseTuple([v.string()]),
    'tuple() of several types': v.tuple([v.string(), v.number()]),
    'record() with other keys': v.record(v.pipe(v.string(), v.minLength(2)), v.number()),
    'strictObject() in intersect()': v.intersect([v.strictObject({ a: v.string() }), v.object({ b: v.number() })]),
    'asynchronous schemas': v.pipeAsync(
      v.string(),
      v.checkAsync(() => Promise.resolve(true)),
    ),
  }),
  ...rows(
    'valibot',
    'schema/default',
  )({
    'a default function that is not constant': v.optional(v.string(), counted),
    'a default of nullable()': v.nullable(v.string(), 'abc'),
    'an object without a default, in which a field has one': v.optional(v.object({ a: v.optional(v.string(), 'abc') })),
    'a default in one part of intersect(), if another part requires the member or has another default': v.intersect([
      v.object({ a: v.optional(v.string(), 'abc') }),
      v.object({ a: v.string() }),
    ]),
  }),
  ...rows(
    'valibot',
    'schema/rule',
  )({
    'trim() and other rules of the items of a list or map without a limit': v.array(v.pipe(v.string(), v.trim())),
    'check() of the size of a map without a limit': v.pipe(
      v.record(v.string(), v.number()),
      v.check((map) => isSmall(map)),
    ),
  }),
  ...rows(
    'valibot',
    'schema/unsupported-type',
  )({
    'bigint()': v.bigint(),
    'date(), map(), set(), blob(), file()': v.date(),
    'symbol(), nan(), function(), promise()': v.nan(),
    'custom(), instance()': v.custom<string>(() => true),
  }),
  ...rows('valibot', 'schema/any')({ 'any(), unknown()': v.any() }),
  ...rows('valibot', 'schema/never')({ 'never()': v.never() }),
  ...rows('valibot', 'schema/null-only')({ 'null()': v.null() }),
  ...rows('valibot', 'schema/null-element')({ 'nullable() of an item': v.array(v.nullable(v.string())) }),
  ...rows('valibot', 'schema/recursive')({ 'recursive schemas': valibotTree }),
  ...rows('valibot', 'schema/open-object')({ 'looseObject(), objectWithRest()': v.looseObject({ a: v.string() }) }),
  ...rows('valibot', 'schema/union')({ 'union() of several types': v.union([v.string(), v.number()]) }),
];

/** The methods of the three libraries, and what becomes of each. `docs/compositions.md` has the table. */
export const METHODS: readonly Method[] = [...zodMethods, ...arktypeMethods, ...valibotMethods];

/** The schema of an object with one field, in the library of the field's schema. */
export function objectOf(library: Library, fields: Readonly<Record<string, unknown>>): SchemaInput {
  if (library === 'zod') return z.object(fields as z.ZodRawShape);
  if (library === 'valibot') return v.object(fields as v.ObjectEntries);
  return type(fields as never);
}
