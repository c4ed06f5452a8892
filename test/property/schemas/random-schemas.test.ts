import { expect, test, vi } from 'vitest';
import { type JsonValue, seededRandom } from '@typekro/kit/core';
import { numbersOf } from '@typekro/kit/test-support/budget';
import { z } from 'zod';
import { createCompositionApi } from '@typekro/sdk/compose';
import { composed, difference, stored } from './compare.ts';
import { randomSchema } from './random-schema.ts';
import { CALCULATIONS, REFUSED_CHECKS, VALUES_OF, calculated } from './calculations.ts';
import { type Library, METHODS, objectOf } from './methods.ts';
import { VALUES, specWith } from './values.ts';

/** The number of specs for each schema. */
const SPECS = 25;
/** More than a year, in milliseconds. */
const YEAR_MS = 400 * 86_400_000;
/** The number of schemas of one test. */
const CHUNK = 30;

const numbers = numbersOf('librarySchemas');
const chunks = Array.from({ length: Math.ceil(numbers.length / CHUNK) }, (_, position) =>
  numbers.slice(position * CHUNK, (position + 1) * CHUNK),
);
const counts = { translated: 0, refused: 0 };

/** The first difference between a random schema and its library; undefined if there is none. */
function differenceOf(number: number): string | undefined {
  const random = seededRandom(number);
  const made = randomSchema(number, random);
  if (made === undefined) return undefined;
  const result = composed(made.schema);
  if (result.codes !== undefined) {
    counts.refused += 1;
    const hasOther = result.codes.some((code) => !code.startsWith('schema/'));
    return hasOther ? `${number}: ${made.text}: ${result.message}` : undefined;
  }
  counts.translated += 1;
  // A definition is used long after it was made.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + YEAR_MS });
  const texts = Array.from({ length: SPECS }, () => difference(made.schema, result, made.spec(random)));
  vi.useRealTimers();
  const first = texts.find((text) => text !== undefined);
  return first === undefined ? undefined : `${number}: ${made.text}: ${first}`;
}

test.each(chunks.map((chunk) => [chunk[0], chunk] as const))(
  'each random schema of zod, arktype and valibot from number %i on is refused with a code, or agrees with its library',
  (_first, chunk) => {
    expect(chunk.map(differenceOf).filter((text) => text !== undefined)).toEqual([]);
  },
);

test('most of the random schemas are not refused, so that the comparison has values', () => {
  expect(counts.translated).toBeGreaterThan(counts.refused / 2);
});

const LIBRARIES: readonly Library[] = ['zod', 'arktype', 'valibot'];

test.each(LIBRARIES.flatMap((library) => CALCULATIONS.map(({ shape, text }) => [library, shape, text] as const)))(
  'a check of %s of the shape %s has one verdict for all values everywhere, or is refused: %s',
  (library, shape, text) => {
    const spec = objectOf(library, { field: calculated(library, shape, text) });
    const result = composed(spec);
    expect(
      result.codes?.every((code) => code.startsWith('schema/')),
      result.codes && result.message,
    ).toBe(REFUSED_CHECKS.has(text) ? true : undefined);
    if (result.codes !== undefined) return;
    const differences = VALUES_OF[shape].map((value) => difference(spec, result, { field: value }));
    expect(differences.filter((each) => each !== undefined)).toEqual([]);
  },
);

const defaulted = z.object({ r: z.int().default(2) });

test.each<[string, z.ZodType, JsonValue, JsonValue | undefined]>([
  ['a value of a map, which gets its default', z.record(z.string(), defaulted), { a: null }, { a: { r: 2 } }],
  ['an element of a list, which gets its default', z.array(defaulted), [null], [{ r: 2 }]],
  ['a member, which gets its default', defaulted.prefault({}), { r: null }, { r: 2 }],
  ['a value of a map without a default, which is dropped', z.record(z.string(), z.int()), { a: null, b: 1 }, { b: 1 }],
  ['an element of a list without a default, which is refused', z.array(z.int()), [null], undefined],
])('null as %s by the API server, is refused by the library and by toInstance', (_place, field, value, kept) => {
  const spec = z.object({ field });
  const result = composed(spec);
  if (result.codes !== undefined) throw new Error(result.message);
  expect(stored(result.crd, { field: value })).toEqual(kept === undefined ? undefined : { field: kept });
  expect(spec.safeParse({ field: value }).success).toBe(false);
  expect(() => result.instance({ field: value })).toThrow(/received null|\(null\)/);
});

test('a precondition of a composition that calculates has one verdict for whole numbers and fractions', () => {
  const spec = z.object({ n: z.number() });
  const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster')) });
  const composition = kubernetesComposition({ name: 'app', spec }, ({ n }) => {
    if (n / 2 + 1 > 4) throw new Error('too large');
    return { ready: true };
  });
  const verdicts = [3, 3.5, 6, 6.5, 7].map((n) => composition.evaluate({ n }).violations);
  expect(verdicts).toEqual([[], [], [], ['too large'], ['too large']]);
  expect(composition.toInstance({ n: 6 }).spec).toEqual({ n: 6 });
  expect(() => composition.toInstance({ n: 7 })).toThrow('too large');
});

test.each(METHODS.map((method) => [`${method.library} ${method.text}`, method] as const))(
  'a schema with %s has the documented outcome, and no difference from its library',
  (_title, { library, schema, outcome }) => {
    const spec = objectOf(library, { field: schema });
    const result = composed(spec);
    if (result.codes !== undefined) {
      expect([...new Set(result.codes)], result.message).toEqual([outcome]);
      return;
    }
    expect(outcome).not.toMatch(/^schema\//);
    const differences = VALUES.map((value) => difference(spec, result, specWith('field', value)));
    expect(differences.filter((text) => text !== undefined)).toEqual([]);
  },
);
