import { type Type, type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import type { SchemaInput } from '@typekro/sdk/compose';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { CALCULATIONS, calculated, VALUES_OF } from './calculations.ts';
import { type Library, METHODS, objectOf } from './methods.ts';
import { VALUES } from './values.ts';

/** A schema of one field, its text, and values for it. */
interface Part {
  readonly schema: unknown;
  readonly text: string;
  readonly value: (random: () => number) => JsonValue | undefined;
}

/** The schema of a spec, its text, and specs for it. */
export interface RandomSchema {
  readonly schema: SchemaInput;
  readonly text: string;
  readonly spec: (random: () => number) => JsonObject;
}

const LIBRARIES: readonly Library[] = ['zod', 'arktype', 'valibot'];
const pick = <T>(random: () => number, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
const anyValue = (random: () => number): JsonValue | undefined => structuredClone(pick(random, VALUES));

/** The methods without those whose refusal a test needs no random schema for. */
const LEAVES = METHODS.filter(
  ({ outcome, text }) => !outcome.startsWith('schema/') || /trim|transform|default/.test(text),
);

function leaf(library: Library, random: () => number): Part {
  const { schema, text } = pick(
    random,
    LEAVES.filter((method) => method.library === library),
  );
  return { schema, text: `<${text}>`, value: anyValue };
}

const STRING_STEPS = {
  zod: {
    trim: (s: z.ZodString) => s.trim(),
    toLowerCase: (s: z.ZodString) => s.toLowerCase(),
    min2: (s: z.ZodString) => s.min(2),
    max4: (s: z.ZodString) => s.max(4),
    'regex ^a': (s: z.ZodString) => s.regex(/^a/),
    'regex \\s': (s: z.ZodString) => s.regex(/^\S.*$/),
    'not kube': (s: z.ZodString) => s.regex(/^(?!kube)[^ ]*$/),
    includes: (s: z.ZodString) => s.includes('b'),
    'refine length': (s: z.ZodString) => s.refine((text) => text.length !== 3),
    'refine includes': (s: z.ZodString) => s.refine((text) => !text.includes('X')),
  },
  valibot: {
    trim: v.trim(),
    trimEnd: v.trimEnd(),
    toUpperCase: v.toUpperCase(),
    min2: v.minLength(2),
    max4: v.maxLength(4),
    nonEmpty: v.nonEmpty(),
    'regex ^a': v.regex(/^a/i),
    'regex .': v.regex(/^.+$/),
    endsWith: v.endsWith('c'),
    'check length': v.check((text: string) => text.length !== 3),
    'check list': v.check((text: string) => ['a', 'abc', 'b', ''].includes(text)),
  },
} as const;

const NUMBER_STEPS = {
  int: (s: z.ZodNumber) => s.int(),
  'min 1.5': (s: z.ZodNumber) => s.min(1.5),
  'gt 1': (s: z.ZodNumber) => s.gt(1),
  'max 3': (s: z.ZodNumber) => s.max(3),
  'lt 2.5': (s: z.ZodNumber) => s.lt(2.5),
  'multipleOf 2': (s: z.ZodNumber) => s.multipleOf(2),
  'refine < 100': (s: z.ZodNumber) => s.refine((n) => n < 100),
  'refine !== 2': (s: z.ZodNumber) => s.refine((n) => n !== 2),
} as const;

const ARK_WORDS = [
  'string',
  'string>=2',
  '1<=string<4',
  'string.trim',
  'string.lower',
  'string.alpha',
  'string.email',
  'number',
  'number>1.5',
  '0<=number<3',
  'number.integer',
  'number.integer>=1',
  'number%2',
  'boolean',
  "'a'|'abc'",
  '1|2',
  'string[]',
  'string[]<=2',
  "string>2|'b'",
  '/^[a-z]+$/',
  '/^\\S+$/',
  "'abc'",
  'string|null',
  'true',
  '1.5|2.5',
  'number.integer[]',
] as const;

/** Limits at which the number types of JavaScript, JSON and Kubernetes differ, and common ones. */
const LIMITS = [Infinity, -Infinity, NaN, 1e20, -1e20, 2 ** 63, 2 ** 53, 1e300, 1.5, 0.5, -0.5, -1, 0, 1, 3] as const;

/** A type with a limit that may be infinite, a fraction, or beyond 64 bits. */
function limited(library: Library, random: () => number): Part {
  const limit = pick(random, LIMITS);
  const name = pick(random, ['max', 'min', 'gt', 'multipleOf', 'int max', 'length', 'items', 'constant', 'default']);
  const makers: Readonly<Record<string, Readonly<Record<Library, () => unknown>>>> = {
    max: {
      zod: () => z.number().max(limit),
      arktype: () => type.number.atMost(limit),
      valibot: () => v.pipe(v.number(), v.maxValue(limit)),
    },
    min: {
      zod: () => z.number().min(limit),
      arktype: () => type.number.atLeast(limit),
      valibot: () => v.pipe(v.number(), v.minValue(limit)),
    },
    gt: {
      zod: () => z.number().gt(limit),
      arktype: () => type.number.moreThan(limit),
      valibot: () => v.pipe(v.number(), v.gtValue(limit)),
    },
    multipleOf: {
      zod: () => z.number().multipleOf(limit),
      arktype: () => type.number.divisibleBy(limit),
      valibot: () => v.pipe(v.number(), v.multipleOf(limit)),
    },
    'int max': {
      zod: () => z.int().max(limit),
      arktype: () => type('number.integer').atMost(limit),
      valibot: () => v.pipe(v.number(), v.integer(), v.maxValue(limit)),
    },
    length: {
      zod: () => z.string().max(limit),
      arktype: () => type.string.atMostLength(limit),
      valibot: () => v.pipe(v.string(), v.minLength(limit)),
    },
    items: {
      zod: () => z.array(z.string()).min(limit),
      arktype: () => type('string[]').atMostLength(limit),
      valibot: () => v.pipe(v.array(v.string()), v.maxLength(limit)),
    },
    constant: {
      zod: () => z.literal([limit, 2]),
      arktype: () => type.enumerated(limit, 2),
      valibot: () => v.picklist([limit, 2]),
    },
    default: {
      zod: () => z.int().default(limit),
      arktype: () => type.number.default(limit),
      valibot: () => v.optional(v.pipe(v.number(), v.integer()), limit),
    },
  };
  const schema = makers[name]?.[library]();
  return { schema, text: `${name} ${limit}`, value: anyValue };
}

const ATOMS = ['a', '(a|b)', '(?<n>a|b)', '[^b]', '\\w', '.', '(?:ab?)'] as const;
const LOOKS = ['(?=', '(?!', '(?<=', '(?<!'] as const;
const REFERENCES = ['\\1', '\\2', '\\k<n>', '[\\1a]', '', ''] as const;

/** A pattern with look-around, groups and references in random places. */
function pattern(library: Library, random: () => number): Part {
  const atom = () => pick(random, ATOMS);
  const text = `^${pick(random, LOOKS)}${atom()})${random() < 0.5 ? atom() : ''}${pick(random, REFERENCES)}${atom()}`;
  const source = new RegExp(text);
  const schema =
    library === 'zod'
      ? z.string().regex(source)
      : library === 'valibot'
        ? v.pipe(v.string(), v.regex(source))
        : type(source);
  return { schema, text: String(source), value: anyValue };
}

/** Functions of no argument as defaults, most of which read the clock or random numbers. */
const DEFAULTS: Readonly<Record<string, () => string>> = {
  date: () => new Date().toISOString(),
  year: () => Date().slice(11, 15),
  now: () => (Date.now() > 0 ? 'a' : 'b'),
  random: () => (Math.random() < 0.999 ? 'a' : 'b'),
  uuid: () => globalThis.crypto.randomUUID().slice(14, 15),
  constant: () => new Date(0).toISOString(),
  letter: () => 'a',
  letters: () => 'abcd',
};

/** A string with a default function. */
function defaulted(library: Library, random: () => number): Part {
  const name = pick(random, Object.keys(DEFAULTS));
  const make = DEFAULTS[name] as () => string;
  const isRefined = random() < 0.3;
  const refined = (text: string) => text !== 'a';
  const schema =
    library === 'zod'
      ? isRefined
        ? z.string().default(make).pipe(z.string().max(1))
        : z.string().default(make)
      : library === 'valibot'
        ? isRefined
          ? v.pipe(v.optional(v.string(), make), v.check(refined))
          : v.optional(v.string(), make)
        : type.string.default(make);
  return { schema, text: `default ${name}${isRefined ? ' refined' : ''}`, value: anyValue };
}

/** Checks whose rules cost much, call functions of kro, or depend on letters beyond ASCII. */
const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  lower: (text) => text.toLowerCase() === text,
  upper: (text) => text !== text.toUpperCase(),
  number: (text) => Number(text) > 1,
  integer: (text) => Number.parseInt(text, 10) > 1,
  pad: (text) => text.padStart(3) !== 'a',
  json: (text) => JSON.stringify(text) !== '"a"',
  length: (text) => text.length > 1,
  throwing: (text) => {
    if (text === 'a') throw new Error('not a');
    return true;
  },
};

function checked(library: Library, random: () => number): Part {
  const name = pick(random, Object.keys(CHECKS));
  const test = CHECKS[name] as (text: string) => boolean;
  const limit = random() < 0.5 ? 20 : 1e20;
  const schema =
    library === 'zod'
      ? z.string().max(limit).refine(test)
      : library === 'valibot'
        ? v.pipe(v.string(), v.maxLength(limit), v.check(test))
        : (limit === 20 ? type.string.atMostLength(limit) : type.string).narrow(test);
  return { schema, text: `check ${name} ${limit}`, value: anyValue };
}

/** A type of numbers with a check that calculates. */
function calculation(library: Library, random: () => number): Part {
  const { shape, text } = pick(random, CALCULATIONS);
  const own = (values: () => number): JsonValue => structuredClone(pick(values, VALUES_OF[shape]));
  return { schema: calculated(library, shape, text), text: `${shape} ${text}`, value: mostly(own, anyValue) };
}

const EXTREMES = [limited, limited, pattern, defaulted, checked, calculation] as const;

/** A scalar with several checks and transforms in random order. */
function scalar(library: Library, random: () => number): Part {
  const count = Math.floor(random() * 4);
  if (library === 'arktype') {
    const word = pick(random, ARK_WORDS);
    const base = type(word as 'string');
    const isNarrowed = word.startsWith('string') && !word.includes('|') && !word.includes('[') && random() < 0.2;
    const schema = isNarrowed ? base.narrow((text) => text.length !== 3) : base;
    return { schema, text: isNarrowed ? `${word}.narrow` : word, value: anyValue };
  }
  if (library === 'valibot') {
    const names = Array.from({ length: count }, () => pick(random, Object.keys(STRING_STEPS.valibot)));
    const steps = names.map((name) => STRING_STEPS.valibot[name as 'trim']);
    return { schema: v.pipe(v.string(), ...steps), text: `string ${names.join(' ')}`, value: anyValue };
  }
  if (random() < 0.4) {
    const names = Array.from({ length: count }, () => pick(random, Object.keys(NUMBER_STEPS)));
    const schema = names.reduce((made, name) => NUMBER_STEPS[name as 'int'](made), z.number());
    return { schema, text: `number ${names.join(' ')}`, value: anyValue };
  }
  const names = Array.from({ length: count }, () => pick(random, Object.keys(STRING_STEPS.zod)));
  const schema = names.reduce((made, name) => STRING_STEPS.zod[name as 'trim'](made), z.string());
  return { schema, text: `string ${names.join(' ')}`, value: anyValue };
}

type Wrap = (part: Part, random: () => number) => Part;

const mostly =
  (value: Part['value'], other: (random: () => number) => JsonValue | undefined): Part['value'] =>
  (random) =>
    random() < 0.8 ? value(random) : other(random);
const listsOf: (value: Part['value']) => Part['value'] = (value) =>
  mostly((random) => Array.from({ length: Math.floor(random() * 3) }, () => value(random) ?? null), anyValue);
const mapsOf: (value: Part['value']) => Part['value'] = (value) =>
  mostly(
    (random) =>
      Object.fromEntries(['x', 'y'].flatMap((name) => (random() < 0.5 ? [[name, value(random) ?? null]] : []))),
    anyValue,
  );
const wrap =
  (
    text: string,
    make: (schema: never, random: () => number) => unknown,
    value: (inner: Part['value']) => Part['value'],
  ): Wrap =>
  (part, random) => ({
    schema: make(part.schema as never, random),
    text: `${text}(${part.text})`,
    value: value(part.value),
  });
const same = (value: Part['value']) => value;
/** A default that some types accept. */
const defaultOf = (random: () => number): unknown => pick(random, ['abc', 'a', 2, 1.5, true, ['a'], {}, { a: 'a' }]);

/** A string that may be absent, with or without a default. */
const defaulting = {
  zod: (random: () => number) =>
    pick(random, [z.string().default('abc'), z.string().default('a'), z.string().optional(), z.string()]),
  valibot: (random: () => number) =>
    pick(random, [v.optional(v.string(), 'abc'), v.optional(v.string(), 'a'), v.optional(v.string()), v.string()]),
};
/** Objects with the members `a` and `b`. */
const membersOf: (value: Part['value']) => Part['value'] = (value) =>
  mostly(
    (random) =>
      Object.fromEntries(['a', 'b'].flatMap((name) => (random() < 0.8 ? [[name, value(random) ?? null]] : []))),
    anyValue,
  );

const WRAPS: Readonly<Record<Library, readonly Wrap[]>> = {
  zod: [
    wrap('array', (s: z.ZodType) => z.array(s), listsOf),
    wrap('array max', (s: z.ZodType) => z.array(s).max(2), listsOf),
    wrap('record', (s: z.ZodType) => z.record(z.string(), s), mapsOf),
    wrap('record of names', (s: z.ZodType) => z.record(z.enum(['x', 'y']), s), mapsOf),
    wrap('partial record', (s: z.ZodType) => z.partialRecord(z.enum(['x', 'y']), s), mapsOf),
    wrap('optional', (s: z.ZodType) => s.optional(), same),
    wrap('nullable', (s: z.ZodType) => s.nullable(), same),
    wrap('nullish', (s: z.ZodType) => s.nullish(), same),
    wrap('default', (s: z.ZodType, random) => s.default(defaultOf(random) as never), same),
    wrap('prefault', (s: z.ZodType, random) => s.prefault(defaultOf(random) as never), same),
    wrap('nonoptional', (s: z.ZodType) => z.nonoptional(s), same),
    wrap('readonly', (s: z.ZodType) => s.readonly(), same),
    wrap('refine', (s: z.ZodType) => s.refine((value) => value !== 'abc'), same),
    wrap('pipe', (s: z.ZodType) => s.pipe(z.string().min(2) as never), same),
    wrap('intersection', (s: z.ZodType) => z.intersection(s, z.string().max(5)), same),
    wrap('and', (s: z.ZodType, random) => s.and(z.object({ a: defaulting.zod(random) })), same),
    wrap('required', (s: z.ZodType, random) => z.object({ a: s, b: defaulting.zod(random) }).required(), membersOf),
    wrap('lazy', (s: z.ZodType) => z.lazy(() => s), same),
    wrap('refine member', (s: z.ZodType<{ a?: string }>) => s.refine((value) => value.a !== 'abc'), same),
  ],
  arktype: [
    wrap('array', (s: Type) => s.array(), listsOf),
    wrap('record', (s: Type) => type({ '[string]': s }), mapsOf),
    wrap('or null', (s: Type) => s.or('null'), same),
    wrap('or undefined', (s: Type) => s.or('undefined'), same),
    wrap('narrow', (s: Type) => s.narrow((value) => value !== 'abc'), same),
    wrap('describe', (s: Type) => s.describe('a value'), same),
  ],
  valibot: [
    wrap('array', (s: v.GenericSchema) => v.array(s), listsOf),
    wrap('array min', (s: v.GenericSchema) => v.pipe(v.array(s), v.minLength(1)), listsOf),
    wrap('record', (s: v.GenericSchema) => v.record(v.string(), s), mapsOf),
    wrap('record of names', (s: v.GenericSchema) => v.record(v.picklist(['x', 'y']), s), mapsOf),
    wrap('optional', (s: v.GenericSchema) => v.optional(s), same),
    wrap('optional default', (s: v.GenericSchema, random) => v.optional(s, defaultOf(random) as never), same),
    wrap('nullish default', (s: v.GenericSchema, random) => v.nullish(s, defaultOf(random) as never), same),
    wrap('nullable', (s: v.GenericSchema) => v.nullable(s), same),
    wrap('nonNullish', (s: v.GenericSchema) => v.nonNullish(s), same),
    wrap(
      'check',
      (s: v.GenericSchema) =>
        v.pipe(
          s,
          v.check((value) => value !== 'abc'),
        ),
      same,
    ),
    wrap('pipe', (s: v.GenericSchema) => v.pipe(s, v.string() as never), same),
    wrap('intersect', (s: v.GenericSchema) => v.intersect([s, v.pipe(v.string(), v.maxLength(5))]), same),
    wrap('and', (s: v.GenericSchema, random) => v.intersect([s, v.object({ a: defaulting.valibot(random) })]), same),
    wrap(
      'required',
      (s: v.GenericSchema, random) => v.required(v.object({ a: s, b: defaulting.valibot(random) })),
      membersOf,
    ),
    wrap('lazy', (s: v.GenericSchema) => v.lazy(() => s), same),
    wrap('undefinedable', (s: v.GenericSchema) => v.undefinedable(s, 'abc'), same),
    wrap(
      'check member',
      (s: v.GenericSchema<{ a?: string }>) =>
        v.pipe(
          s,
          v.check((value) => value.a !== 'abc'),
        ),
      same,
    ),
  ],
};

function union(library: Library, random: () => number, depth: number): Part {
  const parts = [part(library, random, depth + 1), part(library, random, depth + 1)];
  const [first, second] = parts.map(({ schema }) => schema);
  const schema =
    library === 'zod'
      ? z.union([first as z.ZodType, second as z.ZodType])
      : library === 'valibot'
        ? v.union([first as v.GenericSchema, second as v.GenericSchema])
        : (first as Type).or(second as Type);
  const value: Part['value'] = (own) => pick(own, parts).value(own);
  return { schema, text: `union(${parts.map(({ text }) => text).join(', ')})`, value };
}

/** Objects whose members have names of their own, or names that other objects share. */
function object(library: Library, random: () => number, depth: number): Part {
  const names = pick(random, [['a'], ['a', 'b'], ['b'], ['kind', 'a'], ['kind', 'b'], []]);
  const fields = names.map((name): [string, Part] => [
    name,
    name === 'kind' ? constant(library, pick(random, ['a', 'b'])) : part(library, random, depth + 1),
  ]);
  const keyOf = (name: string) => (library === 'arktype' && name !== 'kind' && random() < 0.3 ? `${name}?` : name);
  const shape = Object.fromEntries(fields.map(([name, { schema }]) => [keyOf(name), schema]));
  const closing = pick(random, ['reject', 'delete', undefined, undefined]);
  const schema =
    closing !== undefined && library === 'arktype'
      ? type({ '+': closing, ...shape } as never)
      : closing !== 'reject'
        ? objectOf(library, shape)
        : library === 'zod'
          ? z.strictObject(shape as z.ZodRawShape)
          : v.strictObject(shape as v.ObjectEntries);
  const value: Part['value'] = mostly((own) => {
    const members = fields.flatMap(([name, field]) => (own() < 0.9 ? [[name, field.value(own)] as const] : []));
    const extra = own() < 0.1 ? [['b', anyValue(own)] as const] : [];
    return Object.fromEntries([...members, ...extra].filter(([, member]) => member !== undefined));
  }, anyValue);
  const text = `${closing ?? ''} { ${fields.map(([name, field]) => `${name}: ${field.text}`).join(', ')} }`;
  return { schema, text, value };
}

function constant(library: Library, value: string): Part {
  const schema = library === 'zod' ? z.literal(value) : library === 'valibot' ? v.literal(value) : type.unit(value);
  return { schema, text: JSON.stringify(value), value: () => value };
}

function part(library: Library, random: () => number, depth: number): Part {
  const choice = random();
  if (choice < 0.1) return leaf(library, random);
  if (choice < 0.32) return pick(random, EXTREMES)(library, random);
  if (choice < 0.5 || depth > 3) return scalar(library, random);
  if (choice < 0.75) return pick(random, WRAPS[library])(part(library, random, depth + 1), random);
  return choice < 0.88 ? object(library, random, depth) : union(library, random, depth);
}

/** Makes a schema. Undefined if the library itself refuses it, for example an intersection without values. */
export function randomSchema(number: number, random: () => number): RandomSchema | undefined {
  const library = LIBRARIES[number % LIBRARIES.length] as Library;
  try {
    const { schema, text, value } = part(library, random, 0);
    return {
      schema: objectOf(library, { field: schema }),
      text: `${library} ${text}`,
      spec: (own) => {
        const made = value(own);
        return made === undefined ? {} : { field: made };
      },
    };
  } catch {
    return undefined;
  }
}
