import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { sameJson, shareUnchanged } from './share.ts';
import { copyJson, deepFreeze } from './copy.ts';

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;

test('an equal value is replaced by the earlier value, and sharing does not change the JSON', () => {
  fc.assert(
    fc.property(json, json, (before, next) => {
      deepFreeze(before);
      expect(shareUnchanged(before, copyJson(before))).toBe(before);
      const written = JSON.stringify(next);
      const shared = shareUnchanged(before, next);
      expect(JSON.stringify(shared)).toBe(written);
      expect(sameJson(shared, JSON.parse(written) as JsonValue)).toBe(true);
    }),
  );
});

test('all equal parts are shared', () => {
  const before = deepFreeze({ a: { x: 1 }, b: [{ y: 1 }, { z: 2 }], c: 'c' });
  const next = { a: { x: 1 }, b: [{ y: 1 }, { z: 3 }], c: 'c' };
  const shared = shareUnchanged(before, next);
  expect(shared).toBe(next);
  expect(shared.a).toBe(before.a);
  expect(shared.b[0]).toBe(before.b[0]);
  expect(shared.b[1]).toEqual({ z: 3 });
});

test.each<[string, JsonValue, JsonValue]>([
  ['members in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
  ['a list for an object', { 0: 'a' }, ['a']],
  ['a bigint for a number', 1, 1n],
  [
    'an own __proto__',
    JSON.parse('{"__proto__":{"x":1}}') as JsonValue,
    JSON.parse('{"__proto__":{"x":2}}') as JsonValue,
  ],
  ['a missing member', { a: 1 }, {}],
])('two values are not equal: %s', (_, before, next) => {
  expect(sameJson(before, next)).toBe(false);
  expect(shareUnchanged(before, next)).toBe(next);
});

test('frozen values are not changed', () => {
  const next = deepFreeze({ a: { x: 1 }, b: 2 });
  expect(shareUnchanged({ a: { x: 1 }, b: 1 }, next)).toBe(next);
});
