import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { objectAt } from '@typekro/kit/kubernetes';
import { secretStrategy } from './config.ts';
import type { MutableObject } from './strategy.ts';

test('stringData of a Secret may have keys that are names of members of JavaScript objects, such as __proto__', () => {
  const stringData = JSON.parse('{"__proto__":"a","constructor":"b"}') as JsonObject;
  const secret: MutableObject & JsonObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData };
  secretStrategy.defaults?.(secret);
  expect(Object.entries(objectAt(secret, 'data'))).toEqual([
    ['__proto__', 'YQ=='],
    ['constructor', 'Yg=='],
  ]);
});
