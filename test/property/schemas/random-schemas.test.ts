import { expect, test } from 'vitest';
import { seededRandom } from '@typekro/kit/core';
import { numbersOf } from '@typekro/kit/test-support/budget';
import { composed, difference } from './compare.ts';
import { randomSchema } from './random-schema.ts';

/** The number of specs for each schema. */
const SPECS = 25;

test('each random schema of zod, arktype and valibot is refused with a code, or agrees with its library', () => {
  const found: string[] = [];
  const counts = { translated: 0, refused: 0, invalid: 0 };
  for (const number of numbersOf('librarySchemas')) {
    const random = seededRandom(number);
    const made = randomSchema(number, random);
    const result = made === undefined ? undefined : composed(made.schema);
    if (made === undefined || result === undefined) counts.invalid += 1;
    else if (result.codes !== undefined) {
      counts.refused += 1;
      const others = result.codes.filter((code) => !code.startsWith('schema/'));
      if (others.length > 0) found.push(`${number}: ${made.text}: ${result.message}`);
    } else {
      counts.translated += 1;
      const texts = Array.from({ length: SPECS }, () => difference(made.schema, result, made.spec(random)));
      const first = texts.find((text) => text !== undefined);
      if (first !== undefined) found.push(`${number}: ${made.text}: ${first}`);
    }
  }
  expect(found).toEqual([]);
  // A generator whose schemas are all refused would compare nothing.
  expect(counts.translated).toBeGreaterThan(counts.refused / 2);
});
