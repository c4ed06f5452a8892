import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import type { JsonValue } from '@typekro/kit/core';
import type { Library } from './methods.ts';

/** A number, and an object or a list with numbers, in the types of the checks. */
interface Given {
  readonly number: number;
  readonly pair: { readonly a: number; readonly b: number };
  readonly list: readonly number[];
  readonly items: readonly { readonly w: number }[];
  readonly maybe: { readonly a?: number | null };
  readonly maybeInt: { readonly a?: number | null };
}
type Shape = keyof Given;

const NUMBERS = [0, 1, 2, 3, 4, -1, 100, 9007199254740990, 3.5, 0.5, -2.25] as const;
const ITEMS: readonly (readonly number[])[] = [[], [3], [3.5], [1, 2], [2, 0.5], [7, 8], [-1, 2.25, 3]];

/** The types of the shapes in each library. */
const TYPES: Readonly<Record<Shape, Readonly<Record<Library, unknown>>>> = {
  number: { zod: z.number(), arktype: type.number, valibot: v.number() },
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
  number: NUMBERS,
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
    'max(n, 2) * 2 > 5': (n) => Math.max(n, 2) * 2 > 5,
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
