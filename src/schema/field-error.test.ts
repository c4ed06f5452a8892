import { expect, test } from 'vitest';
import { tooLong, tooMany } from './field-error.ts';

test.each([
  [tooMany('spec.list', 2, 1), 'Too many: 2: must have at most 1 item'],
  [tooMany('spec.list', 3, 2n), 'Too many: 3: must have at most 2 items'],
  [tooMany('spec.list', 1, 0), 'Too many: 1: must have at most 0 items'],
  [tooLong('spec.text', 1n), 'Too long: may not be more than 1 byte'],
  [tooLong('spec.text', 63), 'Too long: may not be more than 63 bytes'],
])('a limit of one is told in the singular: %o', (error, message) => {
  expect(error.message).toBe(message);
});
