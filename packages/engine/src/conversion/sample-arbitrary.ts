import type * as GeneratorLibrary from './generator-library.ts';
import type { Arbitrary } from 'fast-check';
import { type JsonValue, once, stringifyJson } from '@typekro/kit/core';
import type { Schema } from '../schema/index.ts';

/** The generators of the library `fast-check`, which is loaded late. */
export type FastCheck = typeof GeneratorLibrary;

/** The maximum numbers of elements of a generated list, and of members of a generated map, beyond its minimum. */
const [MAX_MORE_ELEMENTS, MAX_MORE_MEMBERS] = [12, 3];
const MAX_TEXT_LENGTH = 12;
/** The longest text for a pattern, beyond its minimum. */
const MAX_MATCH_LENGTH = 40;
/** The longest text and the longest list that a constant of a rule causes. Long lists are slow to make smaller. */
const [MAX_TEXT_OF_RULE, MAX_LIST_OF_RULE] = [64, 16];
/** The depth at which generated values end. Only recursive schemas are deeper. */
const MAX_DEPTH = 12;

/** The generators, and what is known about the values that are needed. */
export interface Generators extends FastCheck {
  /** The constants of the rules: a rule often treats exactly these values in another way than all others. */
  readonly constants: readonly JsonValue[];
  /** Does the value meet its schema, with the rules in CEL? */
  readonly isValid: (schema: Schema, value: JsonValue) => boolean;
}

/** The number of values among which a valid one is searched. */
const MAX_TRIES = 200;
/** The start of all generated values, so that two runs find the same. */
export const SEED = 49;

/**
 * Values of a schema, for the library `fast-check`: they have the types, bounds, patterns and formats that the schema
 * names. A value that is still invalid is replaced by a valid one, if one is found: with many such fields, no whole object
 * would be valid. Alternatives (`oneOf`, …) are not respected, so the caller leaves out invalid objects.
 */
export function sampleArbitrary(schema: Schema, fc: Generators, depth = 0): Arbitrary<JsonValue> {
  const made = schema.enum === undefined ? validOf(schema, fc, depth) : fc.constantFrom(...schema.enum);
  const constants =
    schema.enum === undefined
      ? [...fc.constants, ...extremesOf(schema)].filter((each) => isOfType(schema, each) && fc.isValid(schema, each))
      : [];
  const sample =
    constants.length === 0
      ? made
      : fc.oneof({ weight: 3, arbitrary: made }, { weight: 1, arbitrary: fc.constantFrom(...constants) });
  return schema.nullable === true ? fc.option(sample, { freq: 8 }) : sample;
}

function validOf(schema: Schema, fc: Generators, depth: number): Arbitrary<JsonValue> {
  const made = ofType(schema, fc, depth);
  const isPart = schema.type === 'object' || schema.type === 'array';
  if (isPart && schema['x-kubernetes-validations'] === undefined) return made;
  const other = once(() =>
    fc.sample(made, { numRuns: MAX_TRIES, seed: SEED }).find((value) => fc.isValid(schema, value)),
  );
  return made.map((value) => (fc.isValid(schema, value) ? value : (other() ?? value)));
}

const isOfType = ({ type }: Schema, value: JsonValue): boolean =>
  typeof value === 'string' ? type === 'string' : type === 'integer' || type === 'number';

/** Texts that programs read as numbers in different ways. */
const NUMERIC_TEXTS = ['7', '-1', ' 7 ', '0x10', '1e3', 'Infinity', '12345678901234567890'];
/** The ends of the integers that an API server accepts, and those of the integers that are exact in all clients. */
const INTEGERS = [-(2n ** 63n), 2n ** 63n - 1n, -(2 ** 53) + 1, 2 ** 53 - 1];
const NUMBERS = [1e21, -1e21];

/** Values at which expressions often fail. A schema with narrower bounds makes those beyond them invalid. */
function extremesOf({ type, format, pattern, minimum, maximum }: Schema): readonly JsonValue[] {
  if (type === 'string') return format === undefined && pattern === undefined ? NUMERIC_TEXTS : [];
  const isWithin = (value: JsonValue): boolean =>
    (minimum === undefined || Number(value) >= Number(minimum)) &&
    (maximum === undefined || Number(value) <= Number(maximum));
  if (type === 'number') return NUMBERS.filter(isWithin);
  return type === 'integer' && format !== 'int32' ? INTEGERS.filter(isWithin) : [];
}

/** The strings and integers in expressions, and the neighbours of the integers. */
export function constantsOf(expressions: readonly string[]): JsonValue[] {
  const found = new Set<JsonValue>();
  for (const cel of expressions) {
    for (const [, double, single] of cel.matchAll(/"([^"\\]*)"|'([^'\\]*)'/g)) found.add(double ?? single ?? '');
    for (const [digits] of cel.matchAll(/(?<![\w.])\d{1,9}(?![\w.])/g))
      for (const step of [-1, 0, 1]) found.add(Number(digits) + step);
  }
  return [...found];
}

function ofType(schema: Schema, fc: Generators, depth: number): Arbitrary<JsonValue> {
  if (schema['x-kubernetes-int-or-string'] === true) return fc.oneof(fc.integer(), shortText(schema, fc));
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return integers(rangeOf(schema, 2 ** 31 - 1, 1), fc).map((value) => multiple(schema, value));
    case 'number':
      return fc.oneof(integers(rangeOf(schema, 1000, 1), fc), decimals(schema, fc)).map((value) => value + 0);
    case 'string':
      return textOf(schema, fc);
    case 'array':
      return listOf(schema, fc, depth);
    case 'object':
      return objectOf(schema, fc, depth);
    default:
      return fc.oneof(fc.integer(), shortText(schema, fc), fc.boolean());
  }
}

/**
 * Integers of a range. The library would never end to make one smaller that is not exact. Those of the schema's own bounds
 * are tried as they are.
 */
function integers({ min, max }: { readonly min: number; readonly max: number }, fc: Generators): Arbitrary<number> {
  const [least, most] = [Math.max(min, Number.MIN_SAFE_INTEGER), Math.min(max, Number.MAX_SAFE_INTEGER)];
  const inexact = [min, max].filter((value) => !Number.isSafeInteger(value));
  if (least > most) return fc.constantFrom(...inexact);
  const exact = fc.integer({ min: least, max: most });
  return inexact.length === 0 ? exact : fc.oneof({ weight: 8, arbitrary: exact }, fc.constantFrom(...inexact));
}

/** The bounds of a number. An exclusive bound is moved by the step. */
function rangeOf(
  { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema,
  most: number,
  step: number,
): { min: number; max: number } {
  const min =
    Math.ceil(Number(minimum ?? Math.min(-most, Number(maximum ?? 0)))) + (exclusiveMinimum === true ? step : 0);
  const max = Math.floor(Number(maximum ?? Math.max(most, min))) - (exclusiveMaximum === true ? step : 0);
  return { min, max: Math.max(min, max) };
}

const multiple = ({ multipleOf }: Schema, value: number): number =>
  multipleOf === undefined ? value : Math.trunc(value / multipleOf) * multipleOf;

function decimals(schema: Schema, fc: Generators): Arbitrary<number> {
  const { min, max } = rangeOf(schema, 1000, 0);
  return fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
}

const FORMATS: Readonly<Record<string, (fc: Generators) => Arbitrary<string>>> = {
  'date-time': (fc) => dates(fc).map((date) => date.toISOString().replace(/\.\d+Z$/, 'Z')),
  date: (fc) => dates(fc).map((date) => date.toISOString().slice(0, 10)),
  duration: (fc) => fc.integer({ min: 0, max: 100_000 }).map((seconds) => `${seconds}s`),
  byte: (fc) => fc.base64String({ maxLength: MAX_TEXT_LENGTH }),
  uuid: (fc) => fc.uuid(),
  ipv4: (fc) => fc.ipV4(),
  ipv6: (fc) => fc.ipV6(),
  uri: (fc) => fc.webUrl(),
  email: (fc) => fc.emailAddress(),
  hostname: (fc) => fc.domain(),
};

const dates = (fc: Generators): Arbitrary<Date> =>
  fc.date({ min: new Date('1971-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

function textOf(schema: Schema, fc: Generators): Arbitrary<string> {
  const format = Object.hasOwn(FORMATS, schema.format ?? '') ? FORMATS[schema.format ?? ''] : undefined;
  if (format !== undefined) return format(fc);
  const pattern = schema.pattern === undefined ? undefined : matching(schema.pattern, schema, fc);
  return pattern ?? shortText(schema, fc);
}

/** Texts for a pattern; `undefined` for a pattern that JavaScript or the library does not know. */
function matching(
  pattern: string,
  { minLength, maxLength: most }: Schema,
  fc: Generators,
): Arbitrary<string> | undefined {
  try {
    const { maxLength, size } = sizeOf(minLength, most, MAX_MATCH_LENGTH);
    return fc.stringMatching(new RegExp(pattern, 'u'), { maxLength, ...(minLength === undefined ? {} : { size }) });
  } catch {
    return undefined;
  }
}

const shortText = ({ minLength, maxLength }: Schema, fc: Generators): Arbitrary<string> =>
  fc.string(sizeOf(minLength, maxLength, longest(MAX_TEXT_LENGTH, fc, MAX_TEXT_OF_RULE)));

/** The bounds of a size: from the least, to the most or a few more than the least. */
function sizeOf(
  least: number | bigint = 0,
  most: number | bigint = Number.POSITIVE_INFINITY,
  more: number,
): { readonly minLength: number; readonly maxLength: number; readonly size: 'max' } {
  const minLength = Number(least);
  return { minLength, maxLength: Math.max(minLength, Math.min(Number(most), minLength + more)), size: 'max' };
}

/** A rule such as `slice(0, 14)` loses only what is longer than its constant. */
const longest = (usual: number, { constants }: Generators, limit: number): number =>
  Math.max(usual, ...constants.filter((each): each is number => typeof each === 'number' && each <= limit));

function listOf(schema: Schema, fc: Generators, depth: number): Arbitrary<JsonValue> {
  const { items, minItems, maxItems } = schema;
  if (items === undefined || depth > MAX_DEPTH) return fc.constant([]);
  const size = sizeOf(minItems, maxItems, longest(MAX_MORE_ELEMENTS, fc, MAX_LIST_OF_RULE));
  const keys = schema['x-kubernetes-list-map-keys'];
  const element = sampleArbitrary(items, fc, depth + 1);
  if (keys === undefined && schema['x-kubernetes-list-type'] !== 'set') return fc.array(element, size);
  const keyOf = (value: JsonValue): string =>
    stringifyJson(keys === undefined ? value : keys.map((key) => (value as Record<string, JsonValue>)[key] ?? null));
  return fc.uniqueArray(element, { ...size, selector: keyOf });
}

function objectOf(schema: Schema, fc: Generators, depth: number): Arbitrary<JsonValue> {
  if (depth > MAX_DEPTH) return fc.constant({});
  const { properties = {}, additionalProperties, required = [] } = schema;
  const isOpen = additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const values = typeof additionalProperties === 'object' ? additionalProperties : isOpen ? {} : undefined;
  const size = sizeOf(schema.minProperties, schema.maxProperties, MAX_MORE_MEMBERS);
  if (values !== undefined && Object.keys(properties).length === 0)
    return fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,7}$/), sampleArbitrary(values, fc, depth + 1), {
      minKeys: size.minLength,
      maxKeys: size.maxLength,
    });
  const model = Object.entries(properties).map(([name, member]) => [name, sampleArbitrary(member, fc, depth + 1)]);
  return fc.record(Object.fromEntries(model) as Record<string, Arbitrary<JsonValue>>, {
    requiredKeys: required.filter((name) => Object.hasOwn(properties, name)),
    noNullPrototype: true,
  });
}
