import { expect, test } from 'vitest';
import { typedBefore } from './receiver.ts';

test.each([
  ['schema.spec.constructor.', { receiver: 'schema.spec.constructor' }],
  ['a.toString().valueOf.', { receiver: 'a.toString().valueOf' }],
  ['list.map(x, x.toString + x.', { receiver: 'x', macros: [{ name: 'map', receiver: 'list', variables: ['x'] }] }],
])('names of members of Object are no brackets: %s', (text, expected) => {
  expect(typedBefore(text)).toMatchObject(expected);
});
