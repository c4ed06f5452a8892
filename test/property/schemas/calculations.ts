import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import type { JsonValue } from '@typekro/kit/core';
import type { Library } from './methods.ts';

/** A number, and an object or a list with numbers, in the types of the checks. */
interface Given {
  readonly number: number;
  readonly text: string;
  readonly int: number;
  readonly pair: { readonly a: number; readonly b: number };
  readonly list: readonly number[];
  readonly items: readonly { readonly w: number }[];
  readonly maybe: { readonly a?: number | null };
  readonly maybeInt: { readonly a?: number | null };
}
type Shape = keyof Given;

const NUMBERS = [0, 1, 2, 3, 4, -1, 100, 9007199254740990, 3.5, 0.5, -2.25] as const;
/** Numbers at the limits of the integers of JavaScript, of CEL, of 32 bits, and of fractions. */
const LARGE = [2 ** 31, 2 ** 32, 2 ** 52 + 0.5, 2 ** 53, 1e18, 2 ** 63, 1e19, 2 ** 64, 1e21, 2 ** 85, 1e300];
const EXTREMES = [...LARGE, ...LARGE.map((n) => -n), 5e-324, -0.5, -1.5, 0.49999999999999994];
const STRINGS = ['', 'a', 'é', 'e\u0301', 'ab', 'abc', '\ufffeb', '1', '1e21', '9223372036854775808', '-1.5'];
const ITEMS: readonly (readonly number[])[] = [[], [3], [3.5], [1, 2], [2, 0.5], [7, 8], [-1, 2.25, 3]];

/** The types of the shapes in each library. */
const TYPES: Readonly<Record<Shape, Readonly<Record<Library, unknown>>>> = {
  number: { zod: z.number(), arktype: type.number, valibot: v.number() },
  int: { zod: z.int(), arktype: type('number.integer'), valibot: v.pipe(v.number(), v.integer()) },
  text: { zod: z.string().max(20), arktype: type('string<=20'), valibot: v.pipe(v.string(), v.maxLength(20)) },
  pair: {
    zod: z.object({ a: z.number(), b: z.number() }),
    arktype: type({ a: 'number', b: 'number' }),
    valibot: v.object({ a: v.number(), b: v.number() }),
  },
  list: {
    zod: z.array(z.number()).max(4),
    arktype: type('number[]<=4'),
    valibot: v.pipe(v.array(v.number()), v.maxLength(4)),
  },
  items: {
    zod: z.array(z.object({ w: z.number() })).max(4),
    arktype: type({ w: 'number' }).array().atMostLength(4),
    valibot: v.pipe(v.array(v.object({ w: v.number() })), v.maxLength(4)),
  },
  maybe: {
    zod: z.object({ a: z.number().nullish() }),
    arktype: type({ 'a?': 'number' }),
    valibot: v.object({ a: v.optional(v.number()) }),
  },
  maybeInt: {
    zod: z.object({ a: z.int().optional() }),
    arktype: type({ 'a?': 'number.integer' }),
    valibot: v.object({ a: v.nullish(v.pipe(v.number(), v.integer())) }),
  },
};

const PAIRS = NUMBERS.flatMap((a) => [2, 0.5].map((b): JsonValue => ({ a, b })));
const MEMBERS: readonly JsonValue[] = [{}, { a: null }, ...NUMBERS.map((a) => ({ a }))];

/** Values of the shapes, with whole numbers and with fractions. */
export const VALUES_OF: Readonly<Record<Shape, readonly JsonValue[]>> = {
  number: [...NUMBERS, ...EXTREMES],
  text: STRINGS,
  int: [...NUMBERS, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  pair: PAIRS,
  list: ITEMS.map((list) => [...list]),
  items: ITEMS.map((list) => list.map((w) => ({ w }))),
  maybe: MEMBERS,
  maybeInt: MEMBERS,
};

type Checks = {
  readonly [S in Shape]: Readonly<Record<string, (value: Given[S]) => boolean>>;
};

/** Functions that calculate with a value, by the shape of the value. */
const CHECKS: Checks = {
  number: {
    'n * 2 > 4': (n) => n * 2 > 4,
    'n + 1 < 4': (n) => n + 1 < 4,
    'n - 1.5 < 2': (n) => n - 1.5 < 2,
    'n / 4 > 0.5': (n) => n / 4 > 0.5,
    '-n < 1': (n) => -n < 1,
    'n === 3 || n > 3.5': (n) => n === 3 || n > 3.5,
    '[1, 3].includes(n)': (n) => [1, 3].includes(n),
    'abs(n) < 10 && n + 1 > 0': (n) => Math.abs(n) < 10 && n + 1 > 0,
    'floor(n) === n': (n) => Math.floor(n) === n,
    'ceil(n) === n': (n) => Math.ceil(n) === n,
    'round(n) === n': (n) => Math.round(n) === n,
    'trunc(n) === n': (n) => Math.trunc(n) === n,
    'floor(n / 2) * 2 !== n': (n) => Math.floor(n / 2) * 2 !== n,
    'round(n) > 3': (n) => Math.round(n) > 3,
    'trunc(n) + 1 < 3': (n) => Math.trunc(n) + 1 < 3,
    'abs(floor(n)) < 4': (n) => Math.abs(Math.floor(n)) < 4,
    'floor(n) % 2 === 0': (n) => Math.floor(n) % 2 === 0,
    'n % 2 === 0': (n) => n % 2 === 0,
    'n % 1 === 0': (n) => n % 1 === 0,
    '(n | 0) === n': (n) => (n | 0) === n,
    'n >>> 0 === n': (n) => n >>> 0 === n,
    '(n & 1) === 0': (n) => (n & 1) === 0,
    '~~n === n': (n) => ~~n === n,
    'n << 1 > 2': (n) => n << 1 > 2,
    'isInteger(n)': (n) => Number.isInteger(n),
    'isInteger(n / 2)': (n) => Number.isInteger(n / 2),
    'isSafeInteger(n)': (n) => Number.isSafeInteger(n),
    'isFinite(n * 1e200)': (n) => Number.isFinite(n * 1e200),
    'isNaN(n % 0)': (n) => Number.isNaN(n % 0),
    'n < Infinity': (n) => n < Infinity,
    '1 / n > 0': (n) => 1 / n > 0,
    'n - n === 0': (n) => n - n === 0,
    'sign(n) >= 0': (n) => Math.sign(n) >= 0,
    'n + 1 !== n': (n) => n + 1 !== n,
    'n ** 2 < 20': (n) => n ** 2 < 20,
    'String(n).length < 5': (n) => String(n).length < 5,
    '`${n}` !== "1e+21"': (n) => `${n}` !== '1e+21',
    'toFixed(1) !== "3.5"': (n) => n.toFixed(1) !== '3.5',
    'min(n, 1e20) > 3': (n) => Math.min(n, 1e20) > 3,
    'n <= 2 ** 53': (n) => n <= 2 ** 53,
    'n !== 1e21': (n) => n !== 1e21,
    '[1e21, 3].includes(n)': (n) => [1e21, 3].includes(n),
    'parseInt(String(n), 10) < 5': (n) => Number.parseInt(String(n), 10) < 5,
    'max(n, 2) * 2 > 5': (n) => Math.max(n, 2) * 2 > 5,
  },
  int: {
    'n * n < 1e20': (n) => n * n < 1e20,
    'n * 3 > 4': (n) => n * 3 > 4,
    'n ** 3 > 4': (n) => n ** 3 > 4,
    '(n * 3) % 2 === 0': (n) => (n * 3) % 2 === 0,
    '(n + 1) % 2 === 0': (n) => (n + 1) % 2 === 0,
    'n + n > n': (n) => n + n > n,
    'n % -3 < 1': (n) => n % -3 < 1,
    'floor(n / 3) < 2': (n) => Math.floor(n / 3) < 2,
    'floor(n) % 3 === 0': (n) => Math.floor(n) % 3 === 0,
    '(n | 0) === n': (n) => (n | 0) === n,
    'abs(n) * 2000 > n': (n) => Math.abs(n) * 2000 > n,
    'isSafeInteger(n)': (n) => Number.isSafeInteger(n),
    'n <= 1e20': (n) => n <= 1e20,
    'n !== 9223372036854775808': (n) => n !== 2 ** 63,
    '-n < 5': (n) => -n < 5,
    'min(n, 2.5) > 1': (n) => Math.min(n, 2.5) > 1,
  },
  text: {
    'length < 3': (text) => text.length < 3,
    'length % 2 === 0': (text) => text.length % 2 === 0,
    'charAt(1) !== ""': (text) => text.charAt(1) !== '',
    'slice(1) !== ""': (text) => text.slice(1) !== '',
    'text[0] !== "a"': (text) => text[0] !== 'a',
    'indexOf("b") < 2': (text) => text.indexOf('b') < 2,
    'padEnd(3) !== text': (text) => text.padEnd(3) !== text,
    'codePointAt(0) !== 97': (text) => text.codePointAt(0) !== 97,
    'text < "b"': (text) => text < 'b',
    'text > "\uffff"': (text) => !(text > '\uffff'),
    'Number(text) > 1': (text) => Number(text) > 1,
    'parseInt(text) !== 1': (text) => Number.parseInt(text, 10) !== 1,
    'floor(Number(text)) < 5': (text) => Math.floor(Number(text)) < 5,
    'isInteger(Number(text))': (text) => Number.isInteger(Number(text)),
    'text.at(-1) !== "b"': (text) => text.at(-1) !== 'b',
    'lastIndexOf("a") === 0': (text) => text.lastIndexOf('a') === 0,
    'substring(0, 1) !== "a"': (text) => text.substring(0, 1) !== 'a',
    'text.normalize() === text': (text) => text.normalize() === text,
    '/^.$/u': (text) => /^.$/u.test(text),
    '/^.$/': (text) => /^.$/.test(text),
    '/^[^a]{2}$/': (text) => /^[^a]{2}$/.test(text),
  },
  pair: {
    'a + b < 10': ({ a, b }) => a + b < 10,
    'a * b > 1': ({ a, b }) => a * b > 1,
    'a > b': ({ a, b }) => a > b,
    'a / b > 1': ({ a, b }) => a / b > 1,
  },
  list: {
    'sum < 10': (list) => list.reduce((sum, n) => sum + n, 0) < 10,
    'every n * 2 < 10': (list) => list.every((n) => n * 2 < 10),
    'some n + 1 > 3': (list) => list.some((n) => n + 1 > 3),
  },
  items: {
    'every w * 2 < 10': (items) => items.every(({ w }) => w * 2 < 10),
    'some w / 2 > 1': (items) => items.some(({ w }) => w / 2 > 1),
  },
  maybe: {
    '(a ?? 5) > 3': ({ a }) => (a ?? 5) > 3,
    '(a ?? 2) * 2 + 1 > 6': ({ a }) => (a ?? 2) * 2 + 1 > 6,
    '(a ?? 3) * 2 > 4': ({ a }) => (a ?? 3) * 2 > 4,
  },
  maybeInt: {
    '(a ?? 5) > 3': ({ a }) => (a ?? 5) > 3,
    '(a ?? 2) > 3': ({ a }) => (a ?? 2) > 3,
    '(a ?? 5) + 1 > 3': ({ a }) => (a ?? 5) + 1 > 3,
    '(a ?? 2) % 2 === 0': ({ a }) => (a ?? 2) % 2 === 0,
  },
};

/** The checks that are refused, because rules have no exact form of them. */
export const REFUSED_CHECKS: ReadonlySet<string> = new Set(
  `floor(n / 2) * 2 !== n|abs(floor(n)) < 4|floor(n) % 2 === 0|n % 2 === 0|n % 1 === 0|(n | 0) === n|n >>> 0 === n
(n & 1) === 0|~~n === n|n << 1 > 2|isInteger(n / 2)|isFinite(n * 1e200)|n < Infinity|String(n).length < 5
\`\${n}\` !== "1e+21"|toFixed(1) !== "3.5"|parseInt(String(n), 10) < 5|n ** 3 > 4|(n * 3) % 2 === 0|floor(n / 3) < 2
padEnd(3) !== text|codePointAt(0) !== 97|floor(Number(text)) < 5|isInteger(Number(text))|text.normalize() === text`.split(
    /\|(?! 0)|\n/,
  ),
);

/** A check that calculates: its shape, and its text. */
export const CALCULATIONS = (Object.keys(CHECKS) as Shape[]).flatMap((shape) =>
  Object.keys(CHECKS[shape]).map((text) => ({ shape, text })),
);

/** The type of a shape with a check, in a library. */
export function calculated(library: Library, shape: Shape, text: string): unknown {
  const check = CHECKS[shape][text] as (value: unknown) => boolean;
  const of = TYPES[shape][library];
  if (library === 'zod') return (of as z.ZodType).refine(check);
  if (library === 'arktype') return (of as typeof type.unknown).narrow(check);
  return v.pipe(of as v.GenericSchema, v.check(check));
}
