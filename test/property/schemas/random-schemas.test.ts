import { seededRandom } from '@typekro/kit/core';
import { numbersOf } from '@typekro/kit/test-support/budget';
import { expect, test, vi } from 'vitest';
import { composed, difference } from './compare.ts';
import { randomSchema } from './random-schema.ts';

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
