import { expect, test } from 'vitest';
import { boundedValue } from './expression-value.ts';

test.each([
  ['a'.repeat(4094), { is: 'known', value: 'a'.repeat(4094) }],
  ['a'.repeat(5000), { is: 'large', bytes: 5002 }],
  ['ü'.repeat(5000), { is: 'large', bytes: 10_002 }],
])('a value of at most 4096 bytes stays, and a larger value is replaced by its size in bytes', (value, expected) => {
  expect(boundedValue(value)).toEqual(expected);
});
