import { describe, expect, test } from 'vitest';
import { DYN, INT, isAssignable, STRING, kroEnvironment, listType, mapType, typeToString } from '../index.ts';

const environment = kroEnvironment({
  variables: { s: STRING, i: INT, d: DYN, l: listType(STRING), m: mapType(STRING, INT) },
});

function verdict(text: string): string {
  const checked = environment.check(text);
  return checked.ok ? typeToString(checked.type) : (checked.text.split('\n')[0] ?? '');
}

describe('types', () => {
  test.each([
    ['[1, "a"]', 'list(dyn)'],
    ['[[], [1]]', 'list(list(int))'],
    ['{"a": 1, "b": null}', 'map(string, dyn)'],
    ['m.?k.orValue(0)', 'int'],
    ['l.map(x, {x: x.size()})', 'list(map(string, int))'],
    ['d.a.b[0]', 'dyn'],
    ['true ? null : timestamp(0)', 'null_type'],
    ['l.transformMap(k, v, v)', 'map(int, string)'],
    ['[optional.of(1), optional.none()]', 'list(optional_type(int))'],
    ['type(s)', 'type(string)'],
  ])('%s is %s', (text, expected) => {
    expect(verdict(text)).toBe(expected);
  });
});

test.each([
  [listType(INT), listType(INT), true],
  [listType(INT), listType(STRING), false],
  [mapType(STRING, INT), mapType(STRING, DYN), true],
  [mapType(STRING, DYN), mapType(STRING, INT), false],
  [DYN, INT, false],
])('whether %o is assignable to %o: %s', (from, to, expected) => {
  expect(isAssignable(from, to)).toBe(expected);
});

describe('errors', () => {
  test.each([
    ['s + i', "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(string, int)'"],
    ['s.nope()', "ERROR: <input>:1:7: undeclared reference to 'nope' (in container '')"],
    ['s.x', "ERROR: <input>:1:2: type 'string' does not support field selection"],
    ['i && true', "ERROR: <input>:1:1: expected type 'bool' but found 'int'"],
    [
      'i.map(x, x)',
      "ERROR: <input>:1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ['1 < 2.0', "ERROR: <input>:1:3: found no matching overload for '_<_' applied to '(int, double)'"],
    ['Nope{a: 1}', "ERROR: <input>:1:5: undeclared reference to 'Nope' (in container '')"],
  ])('%s', (text, expected) => {
    expect(verdict(text)).toBe(expected);
  });

  test('all errors of an expression are counted, and the first hundred are shown', () => {
    const checked = environment.check(`[${Array.from({ length: 105 }, (_, index) => `v${index}`).join(', ')}]`);
    expect(checked.ok).toBe(false);
    if (checked.ok) return;
    expect(checked.errors).toHaveLength(100);
    expect(checked.text.split('\n').at(-1)).toBe('5 more errors were truncated');
  });

  test('a map literal whose type doubles with each binding is refused quickly', () => {
    const doubled = `cel.bind(a, {1: 1}, ${'cel.bind(a, {a: a}, '.repeat(60)}a == a${')'.repeat(61)}`;
    expect(verdict(doubled)).toBe('ERROR: <input>:1:193: the type of the map is too large');
    const nested = `${'{"k": '.repeat(120)}1${'}'.repeat(120)}`;
    expect(verdict(`size(${nested})`)).toBe('int');
  });

  test('numbers of different types can be compared after the first comprehension in the expression, as in cel-go', () => {
    expect(verdict('[1].all(x, true) && 1 < 2.0')).toBe('bool');
  });
});
