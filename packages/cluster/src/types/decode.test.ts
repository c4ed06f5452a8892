import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { builtinType } from './builtin.ts';
import { decodeObject } from './decode.ts';

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
