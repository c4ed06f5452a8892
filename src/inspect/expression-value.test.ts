import { expect, test } from 'vitest';
import { boundedValue } from './expression-value.ts';

test.each([
  ['a'.repeat(4094), { is: 'known', value: 'a'.repeat(4094) }],
  ['a'.repeat(5000), { is: 'large', bytes: 5002 }],
  ['ü'.repeat(5000), { is: 'large', bytes: 10_002 }],
])('the size of a large value is in bytes', (value, expected) => {
  expect(boundedValue(value)).toEqual(expected);
});
