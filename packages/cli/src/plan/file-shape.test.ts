import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { isTooDeepValue } from './file-shape.ts';

/** Returns `depth` lists, or `depth` objects, inside each other. */
function nested(depth: number, inside: (value: JsonValue | undefined) => JsonValue): JsonValue {
  let value = inside(undefined);
  for (let count = 1; count < depth; count += 1) value = inside(value);
  return value;
}

const list = (value: JsonValue | undefined): JsonValue => (value === undefined ? [] : [1, value]);
const object = (value: JsonValue | undefined): JsonValue => (value === undefined ? {} : { a: 1, b: value });

test.each<readonly [string, JsonValue, boolean]>([
  ['a string', 'text', false],
  ['null', null, false],
  ['1 list', nested(1, list), false],
  ['500 lists', nested(500, list), false],
  ['501 lists', nested(501, list), true],
  ['500 objects', nested(500, object), false],
  ['501 objects', nested(501, object), true],
  ['100,000 lists', nested(100_000, list), true],
  ['a string inside 500 lists', nested(500, (value) => [value ?? 'text']), false],
])('the nesting of a file value is limited to 500: %s', (_, value, isTooDeep) => {
  expect(isTooDeepValue(value)).toBe(isTooDeep);
});
