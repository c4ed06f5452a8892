import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { type Schema, StructuralSchema } from '../index.ts';

/** A list inside 40 lists. */
const nested = (value: number): JsonValue => Array.from({ length: 40 }).reduce<JsonValue>((inner) => [inner], value);

/** A text of the letters a and b without a period. */
const randomText = (length: number): string => {
  let seed = 1;
  let text = '';
  for (let index = 0; index < length; index += 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    text += seed % 2 === 0 ? 'a' : 'b';
  }
  return text;
};

test.each([
  ['a long string', '^x*$', 'x'.repeat(2_000_000), undefined],
  ['a long string of letters', String.raw`[\p{L}]{1,200}[0-9]`, `${'é'.repeat(300_000)}1`, undefined],
  ['a long string that differs', '^x*$', `${'x'.repeat(10)}y`, "should match '^x*$'"],
  [
    'a string that needs too much work',
    '[ab]*a[ab]{300}c',
    randomText(300_000),
    "should match '[ab]*a[ab]{300}c', and be shorter: the comparison takes too long",
  ],
  [
    'a pattern that is too large',
    Array.from({ length: 50_000 }, (_, index) => `a${index}`).join('|'),
    'a1',
    'but pattern is invalid: error parsing regexp: expression too large',
  ],
])('%s is compared with its pattern', (_, pattern, value, problem) => {
  const found = StructuralSchema.validate({ properties: { a: { type: 'string', pattern } } }, { a: value }).map(
    ({ message }) => message,
  );
  expect(found).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
});

test.each<[string, Schema, JsonValue, string | undefined]>([
  ['members in another order', { enum: [{ a: 1, b: [2] }] }, { b: [2], a: 1 }, undefined],
  ['another member', { enum: [{ a: 1 }] }, { a: 1, b: 2 }, 'Unsupported value'],
  ['elements in another order', { enum: [[1, 2]] }, [2, 1], 'Unsupported value'],
  ['a long integer', { enum: [{ a: 9007199254740993n }] }, { a: 9007199254740993n }, undefined],
  ['a fraction whose integer part is listed', { enum: [1] }, 1.5, undefined],
  ['the text of a listed number', { enum: [1] }, '1', 'Unsupported value'],
  ['null', { enum: [null], nullable: true }, null, 'Unsupported value'],
  ['elements that differ at a great depth', { 'x-kubernetes-list-type': 'set' }, [nested(1), nested(2)], undefined],
  ['unique items that differ at a great depth', { uniqueItems: true }, [nested(1), nested(2)], undefined],
  ['equal elements', { 'x-kubernetes-list-type': 'set' }, [nested(1), nested(1)], 'Duplicate value'],
])('the comparison of %s with other values', (_, a, value, problem) => {
  const found = StructuralSchema.validate({ properties: { a } }, { a: value }).map(({ message }) => message);
  expect(found).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
});

test('each value of an enum is read once, however many objects are compared with it', () => {
  let reads = 0;
  const constant = (index: number) =>
    Object.defineProperty({ a: 'x' }, 'b', { enumerable: true, get: () => ((reads += 1), index) }) as JsonValue;
  const items = { enum: Array.from({ length: 100 }, (_, index) => constant(index)) };
  const value = Array.from({ length: 100 }, () => ({ a: 'x', b: 99 }));
  expect(StructuralSchema.validate({ properties: { a: { items } } }, { a: value })).toEqual([]);
  // Once for the look-up and once for messages.
  expect(reads).toBeLessThanOrEqual(200);
});
