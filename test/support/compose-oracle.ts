import { type } from 'arktype';
import type { JsonObject } from '@typekro/kit/core';
import { type Composition, CompositionError, createCompositionApi } from '@typekro/sdk/compose';
import { type TransformData, SOURCE } from '../../packages/sdk/src/compose/source/transform-data.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const SPEC = type({
  t: 'string',
  u: 'string',
  n: 'number.integer',
  m: 'number.integer',
  f: 'number',
  g: 'number',
  b: 'boolean',
  list: 'string[]',
  ints: 'number.integer[]',
  floats: 'number[]',
  map: 'Record<string, string>',
  'o?': 'string',
  z: 'string | null',
});

/** Strings that JavaScript's methods, patterns and conversions may treat differently from CEL and Go. */
export const TEXTS: readonly string[] = [
  ['', 'a', 'abc', 'aab', 'aaa', 'Hello World', 'x\ny', '\n', '^', '$', '-', '--a--', '-a-b-', 'A1_b', 'ab12cd34'],
  ['a,b,,c', ' pad ', '\t\n x', '\uFEFFx\uFEFF', '\u0085x\u0085', '\u00a0x\u2003', 'a\u2028b', 'a\u2029b', 'x\u2028'],
  [
    'a\nb',
    'a\r\nb',
    'ſ',
    's',
    'S',
    'aſk',
    '\u212a',
    'k',
    'KELVIN',
    'İ',
    'ı',
    'ß',
    'é',
    'É',
    'e\u0301',
    'ΣσΣς',
    'µ',
    'ǅ',
  ],
  ['<>&', '"q"\\', '\\u003c', '\\', '\b\f\u0001\u007f', '\0', '\u0007', '\u00018', '\\8', '8', 'a/b', 'q^'],
  ['[:alp]', 'a]', '}', '{', 'a{,5}', 'b{', 'pL', 'Qa', 'zA', 'J', 'cJ', 'constructor', '__proto__', 'toString'],
  ['0', '-0', '5', ' 5 ', '5.5', '.5', '5.', '1e3', '1e21', '1e400', '0x1f', '0x', '0b1', '0x1p4', '+7', '-3', '007'],
  ['NaN', 'nan', 'inf', 'Infinity', '-Infinity', '12px', '1_000', 'true', 'null', '5 6', '0.1.2'],
].flat();

/**
 * Strings with characters that are two UTF-16 units in JavaScript and one code point in CEL. U+FF5E sorts after these
 * characters by UTF-16 units, and before them by code points.
 */
export const ASTRAL: readonly string[] = ['😀', 'a😀b', '\u{10FFFF}', '\uFF5E'];

const INTS = [0, 1, -1, 2, 3, 7, -7, 255, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, 1 - 2 ** 53];
const FLOATS = [
  [0, 1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.5, 0.125, 0.375, -0.375, 1.005, -1.005, 0.49999999999999994, 0.1, 0.2, 0.3],
  [1e-7, 5e-7, -1e-9, 1e6, 1234567.5, 123456789.125, 1e20, 1e21, -1e21, 2 ** 31 + 0.5, -(2 ** 32) - 1.5],
  [2 ** 52 + 1, 2 ** 53 - 1, 2 ** 53 + 2, 2 ** 63, 2 ** 64 + 2 ** 13, 2 ** 96, 1e300, -1e300],
].flat();

/** Specs that combine each string and each number with other values. */
export function oracleInputs(texts: readonly string[] = TEXTS): readonly JsonObject[] {
  const pick = <T>(of: readonly T[], at: number): T => of[at % of.length] as T;
  return Array.from({ length: Math.max(texts.length, FLOATS.length) }, (_, i) => ({
    t: pick(texts, i),
    u: pick(texts, i * 7 + 3),
    n: pick(INTS, i),
    m: pick(INTS, i * 3 + Math.floor(i / INTS.length)),
    f: pick(FLOATS, i),
    g: pick(FLOATS, i * 5 + 2),
    b: i % 2 === 0,
    list: [pick(texts, i + 1), pick(texts, i + 2)],
    ints: [pick(INTS, i), 1, 2],
    floats: [pick(FLOATS, i), 0.1, 0.2],
    map: Object.fromEntries([
      ['a', 'x'],
      [pick(texts, i + 4), 'y'],
    ]),
    ...(i % 3 === 0 ? {} : { o: pick(texts, i + 5) }),
    z: i % 4 === 0 ? null : pick(texts, i + 6),
  }));
}

/** The result for an expression over the spec `s`. */
export type OracleVerdict =
  | { readonly kind: 'equal'; readonly cel: string }
  /** All values of the graph are correct, but for some specs the graph has no value although JavaScript has one. */
  | { readonly kind: 'waits'; readonly text: string }
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  | { readonly kind: 'differs'; readonly code?: string; readonly text: string };

/** Compares the result of an expression in JavaScript with the result of its CEL in a composition, for all inputs. */
export function consult(expression: string, inputs: readonly JsonObject[]): OracleVerdict {
  const src = `(s) => ({ v: ${expression} })`;
  const build = instantiate(src);
  const data: TransformData = { src, file: 'oracle.js', line: 1, col: 1, vars: {} };
  let composition: Composition<JsonObject, JsonObject>;
  let cel: string;
  try {
    composition = kubernetesComposition(
      { name: 'oracle', spec: SPEC },
      Object.assign(instantiate(src), { [SOURCE]: data }) as never,
    ) as never;
    cel = JSON.stringify(composition.toDefinition().spec);
    composition.toDefinition({ target: 'typekro' });
  } catch (error) {
    if (!(error instanceof CompositionError)) {
      if (inputs.some((given) => native(build, given) !== undefined)) throw error;
      return { kind: 'refused', code: 'thrown', text: String(error) };
    }
    const kind = error.code.startsWith('trace/') ? 'refused' : 'differs';
    return { kind, code: error.code, text: `${expression}\n${error.message}` };
  }
  const waiting: string[] = [];
  for (const given of inputs) {
    const wanted = native(build, given);
    const { status } = composition.evaluate(given);
    const value = status['v'];
    const found = value === undefined || isNonFinite(value) ? undefined : { value: value };
    if (found === undefined) {
      if (wanted !== undefined && wanted.value !== undefined && wanted.value !== null)
        waiting.push(show(given, wanted));
    } else if (wanted === undefined || !same(wanted.value, found.value))
      return {
        kind: 'differs',
        text: `${expression}\n${show(given, wanted)}; the graph gives ${print(found.value)}\n${cel}`,
      };
  }
  return waiting.length === 0
    ? { kind: 'equal', cel }
    : { kind: 'waits', text: `${expression}\n${waiting.join('\n')}` };
}

type Build = (given: JsonObject) => { readonly v: unknown };

function instantiate(source: string): Build {
  // eslint-disable-next-line no-new-func -- the expression under test
  return new Function(`'use strict';\nreturn ${source};`)() as Build;
}

/** Runs the expression in JavaScript. Returns undefined if it throws, or if its value cannot be expressed in JSON. */
function native(build: Build, given: JsonObject): { readonly value: unknown } | undefined {
  try {
    const { v } = build(structuredClone(given));
    return isNonFinite(v) ? undefined : { value: v };
  } catch {
    return undefined;
  }
}

/** Is the value a number that JSON cannot express? */
const isNonFinite = (value: unknown): boolean => typeof value === 'number' && !Number.isFinite(value);

const print = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' || Object.is(item, -0) ? Number(item) + 0 : item,
  );

/**
 * Are two values equal? Numbers from 2^52 have a tolerance, because a graph's integers are exact and JavaScript rounds
 * them.
 */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && Math.abs(a) >= 2 ** 52 && !isNonFinite(a))
    return Math.abs(a - Number(b)) <= Math.abs(a) * 4e-16;
  return print(a) === print(b);
}

const show = (given: JsonObject, wanted: { readonly value: unknown } | undefined): string =>
  `${JSON.stringify(given)}: JavaScript ${wanted === undefined ? 'has no value' : `gives ${print(wanted.value)}`}`;
