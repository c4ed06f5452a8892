import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import fc from 'fast-check';
import { builtinType } from './builtin.ts';
import { decodeObject } from './decode.ts';
import { ProtobufError, decodeProtobuf } from './protobuf.ts';
import { sameJson, shareUnchanged } from './share-unchanged.ts';
import { copyJson, deepFreeze } from './parts.ts';

test.each<[JsonValue, string]>([
  ['five', 'string'],
  ['number five', 'string'],
  [1.5, 'number 1.5'],
  [2 ** 31, 'number 2147483648'],
  [2n ** 70n, 'number 1180591620717411303424'],
  [true, 'bool'],
])('the error for %s as a number of replicas calls the value %s', (replicas, shown) => {
  expect(() => decodeObject(builtinType('apps.v1.Deployment'), { spec: { replicas } })).toThrow(
    `json: cannot unmarshal ${shown} into Go struct field DeploymentSpec.spec.replicas of type int32`,
  );
});

test.each([
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
  [Number.NaN, 'NaN'],
])('the number %d in a protobuf body is refused, because JSON has no such value', (number, shown) => {
  const field = (of: number, value: string | Buffer) =>
    Buffer.concat([Buffer.from([(of << 3) | 2, value.length]), Buffer.from(value)]);
  const type = Buffer.concat([field(1, 'apiextensions.k8s.io/v1'), field(2, 'JSONSchemaProps')]);
  const schema = Buffer.alloc(9, (9 << 3) | 1);
  schema.writeDoubleLE(number, 1);
  const body = Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, schema)]);
  expect(() => decodeProtobuf(body)).toThrow(new ProtobufError(`json: unsupported value: ${shown}`));
});

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
