import { describe, expect, test } from 'vitest';
import { type JsonObject, jsonEquals, JsonNumberError, parseJson, stringifyJson } from './json.ts';
import { mergeJson } from './merge-patch.ts';

describe('parseJson', () => {
  test.each([
    ['9007199254740993', 9007199254740993n],
    ['{"a":[-9223372036854775808,1]}', { a: [-9223372036854775808n, 1] }],
    ['"9007199254740993"', '9007199254740993'],
    ['{"9007199254740993":"\\"9007199254740993"}', { '9007199254740993': '"9007199254740993' }],
    ['9007199254740993.0', 9007199254740992],
    ['0.12345678901234567', Number('0.12345678901234567')],
    ['9007199254740991', 9007199254740991],
  ])('reads %s, and keeps all digits of an integer literal', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test('keeps __proto__ as an ordinary key', () => {
    const value = parseJson('{"__proto__":{"x":9007199254740993}}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('reads a long integer that is nested 200,000 levels deep', () => {
    const levels = 100_000;
    let value = parseJson(`${'[{"a":'.repeat(levels)}9007199254740993${'}]'.repeat(levels)}`);
    for (let level = 0; level < levels; level += 1) value = (value as { a: number }[])[0]?.a ?? null;
    expect(value).toBe(9007199254740993n);
  });

  test('throws SyntaxError for text that is not JSON', () => {
    expect(() => parseJson('{1234567890123456789')).toThrow(SyntaxError);
  });

  test.each([
    ['1e400'],
    ['-1e999'],
    ['{"a":[{"b":12.5E+308}]}', '12.5E+308'],
    [`[${'9'.repeat(309)}]`, `${'9'.repeat(64)}…`],
    [`{"a":${'9'.repeat(300)}.5e10}`, `${'9'.repeat(64)}…`],
    [`1e${'0'.repeat(100)}309`, `1e${'0'.repeat(62)}…`],
  ])('refuses %s: no double has this value', (text, literal = text) => {
    expect(() => parseJson(text)).toThrow(new JsonNumberError(literal));
  });

  test.each([
    '1.7976931348623157e308',
    '-1E+308',
    '1e-999',
    '0e400',
    '0.0000001e310',
    '["1e400","e400"]',
    '{"1e999":1}',
  ])('reads %s, whose numbers are in the range of doubles', (text) =>
    expect(parseJson(text)).toEqual(JSON.parse(text)),
  );
});

test('stringifyJson writes big integers as plain digits', () => {
  expect(stringifyJson({ a: 9007199254740993n, b: 'x', c: [1, -9223372036854775808n] })).toBe(
    '{"a":9007199254740993,"b":"x","c":[1,-9223372036854775808]}',
  );
});

test.each(['\uE000int:', '\uE000int:x', '\uE0000:7', '\uE0001:7', '"\uE0000:7"', '9007199254740993'])(
  'the string %j next to a big integer stays a string, as a value and as a key',
  (text) => {
    const value = { big: 9007199254740993n, text, list: [text], [text]: { text } };
    expect(parseJson(stringifyJson(value))).toEqual(value);
    expect(parseJson(stringifyJson(value, 2))).toEqual(value);
  },
);

test('a string next to a big integer is written without delay, even with many copies of the internal mark for big integers', () => {
  const text = Array.from({ length: 60_000 }, (_, number) => `\uE000${number}:`).join('');
  const started = performance.now();
  const written = stringifyJson({ big: 9007199254740993n, text });
  expect(performance.now() - started).toBeLessThan(1000);
  expect(parseJson(written)).toEqual({ big: 9007199254740993n, text });
});

test('a long string next to a big integer stays a string', () => {
  const escapes = '\\'.repeat(1_000_000);
  const value = { big: 9007199254740993n, text: 'a"'.repeat(4_000_000), plain: 'b'.repeat(8_000_000), escapes };
  expect(parseJson(stringifyJson(value))).toEqual(value);
});

describe('jsonEquals', () => {
  test.each([
    [{ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, true],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [parseJson('{"__proto__":{}}'), { a: {} }, false],
    [1, 1n, true],
    [1.5, 1n, false],
    ['1', 1n, false],
    [{ a: 1 }, { b: 1 }, false],
    [{}, [], false],
    [null, {}, false],
  ])('compares %s with %s', (a, b, expected) => {
    expect(jsonEquals(a, b)).toBe(expected);
    expect(jsonEquals(b, a)).toBe(expected);
  });
});

test.each([
  ['{"a":{"b":1,"c":[1,2]}}', '{"a":{"c":[3],"d":null}}', '{"a":{"b":1,"c":[3],"d":null}}'],
  ['{"a":1}', '{"a":{"b":2}}', '{"a":{"b":2}}'],
  ['{"a":{"b":2}}', '{"a":1}', '{"a":1}'],
  ['{}', '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
])('mergeJson: %s with %s is %s', (base, change, expected) => {
  const merged = mergeJson(parseJson(base) as JsonObject, parseJson(change) as JsonObject);
  expect(stringifyJson(merged)).toBe(expected);
});
