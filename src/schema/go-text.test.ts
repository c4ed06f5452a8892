import { describe, expect, test } from 'vitest';
import { goFloat, goJson, goParseBool, goParseFloat, goParseInt, goQuote, goTrim } from './go-text.ts';

test.each([
  ['a', '"a"'],
  ['"\\', '"\\"\\\\"'],
  ['\n\t\u0007', '"\\n\\t\\a"'],
  ['\u0001\u007f', '"\\x01\\x7f"'],
  ['é😀', '"é😀"'],
  ['\u200b', '"\\u200b"'],
])('goQuote(%j)', (text, quoted) => {
  expect(goQuote(text)).toBe(quoted);
});

test.each([
  [0.3, '0.3'],
  [1e6, '1e+06'],
  [1234567.5, '1.2345675e+06'],
  [123456, '123456'],
  [0.00001, '1e-05'],
  [-0, '0'],
  [Infinity, '+Inf'],
])('goFloat(%d)', (value, text) => {
  expect(goFloat(value)).toBe(text);
});

test('goJson sorts members and escapes HTML', () => {
  expect(goJson({ b: '<&>', a: [1n, null, 1.5] })).toBe('{"a":[1,null,1.5],"b":"\\u003c\\u0026\\u003e"}');
});

test('goTrim knows the white space of Go', () => {
  expect(goTrim('\u0085\u00a0\u3000 x \t\v')).toBe('x');
  expect(goTrim('\ufeffx')).toBe('\ufeffx');
});

describe('numbers and booleans', () => {
  test.each([
    ['007', 7],
    ['+5', 5],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
  ])('goParseInt(%s)', (text, value) => {
    expect(goParseInt(text)).toEqual({ ok: true, value });
  });

  test.each([
    ['9223372036854775808', 'value out of range'],
    ['1'.repeat(100_000), 'value out of range'],
    ['1_0', 'invalid syntax'],
    ['', 'invalid syntax'],
    ['٣', 'invalid syntax'],
  ])('goParseInt refuses %s', (text, why) => {
    expect(goParseInt(text)).toEqual({ ok: false, error: expect.stringContaining(why) as string });
  });

  test.each([
    ['1.', 1],
    ['.5', 0.5],
    ['1_0', 10],
    ['0x1p-2', 0.25],
    ['-0X.8p1', -1],
    ['inf', Infinity],
    ['-Infinity', -Infinity],
    ['NaN', Number.NaN],
  ])('goParseFloat(%s)', (text, value) => {
    expect(goParseFloat(text)).toEqual({ ok: true, value });
  });

  test.each(['', '.', 'e5', '1e', '_1', '1_', '1__0', '0x1', '+nan', '1e400'])('goParseFloat refuses %s', (text) => {
    expect(goParseFloat(text).ok).toBe(false);
  });

  test.each(['1', 't', 'TRUE', 'True'])('%s is true', (text) => {
    expect(goParseBool(text)).toEqual({ ok: true, value: true });
  });

  test.each(['yes', 'tRUE', '', ' true'])('%j is no boolean', (text) => {
    expect(goParseBool(text).ok).toBe(false);
  });
});
