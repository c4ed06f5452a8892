import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { likeDesired } from './like-desired.ts';

const rows: readonly (readonly [string, JsonValue, JsonValue, JsonValue])[] = [
  ['fields that only the server sets vanish', { a: 1, uid: 'x' }, { a: 2 }, { a: 1 }],
  ['a missing field stays missing', { a: 1 }, { a: 1, b: 2 }, { a: 1 }],
  ['keys are in the desired order', { b: 1, a: 2 }, { a: 0, b: 0 }, { a: 2, b: 1 }],
  [
    'items are matched by name, and additional ones stay',
    [{ name: 'sidecar' }, { name: 'app', image: 'b', ready: true }],
    [{ name: 'app', image: 'a' }],
    [{ name: 'app', image: 'b' }, { name: 'sidecar' }],
  ],
  ['plain items are matched by position', ['x', 'y'], ['a'], ['x', 'y']],
  ['an item that does not exist stays missing', [], [{ name: 'a' }, 'b'], []],
  ['a live value is shown as it is when the desired value has another type', { a: [1] }, { a: { b: 1 } }, { a: [1] }],
];

test.each(rows)('the live value in the form of the desired one: %s', (_title, live, desired, expected) => {
  expect(JSON.stringify(likeDesired(live, desired))).toBe(JSON.stringify(expected));
});
