import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { builtinType } from './builtin.ts';
import { decodeObject } from './decode.ts';
import { decodeProtobuf, ProtobufError } from './protobuf.ts';

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
