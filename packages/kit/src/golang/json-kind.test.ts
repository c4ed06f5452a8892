import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../core/index.ts';
import { goJsonKind, goTypeOf } from './json-kind.ts';

describe('the type of a JSON value', () => {
  test.each<[value: JsonValue, kind: string, type: string]>([
    ['a', 'string', 'string'],
    [true, 'bool', 'bool'],
    [[1], 'array', '[]interface {}'],
    [{ a: 1 }, 'object', 'map[string]interface {}'],
    [1, 'number', 'int64'],
    [1.5, 'number', 'float64'],
    [1e300, 'number', 'float64'],
    [2n ** 63n - 1n, 'number', 'int64'],
    [2n ** 63n, 'number', 'float64'],
  ])('of %o is named as in Go', (value, kind, type) => {
    expect([goJsonKind(value), goTypeOf(value)]).toEqual([kind, type]);
  });

  test('of null is <nil>, as Go prints an empty interface', () => {
    expect(goTypeOf(null)).toBe('<nil>');
  });
});
