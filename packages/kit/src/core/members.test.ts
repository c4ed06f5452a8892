import { expect, test } from 'vitest';
import type { JsonObject } from './json.ts';
import { setOwn } from './members.ts';

test.each(['__proto__', 'constructor', 'toString', 'plain'])('%s becomes an own member; the prototype stays', (key) => {
  const object: JsonObject = {};
  setOwn(object, key, { polluted: true });
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  expect(Object.getOwnPropertyDescriptor(object, key)).toEqual({
    value: { polluted: true },
    writable: true,
    enumerable: true,
    configurable: true,
  });
  expect(object['polluted']).toBeUndefined();
  expect(JSON.parse(JSON.stringify(object))).toEqual(object);
});
