import { describe, expect, test } from 'vitest';
import { goParseBool, goParseFloat, goParseInt } from './parse.ts';

describe('numbers and booleans', () => {
  test.each([
    ['007', 7],
    [`${'0'.repeat(2_000)}8`, 8],
    ['+5', 5],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
  ])('goParseInt(%s) returns %s', (text, value) => {
    expect(goParseInt(text)).toEqual({ ok: true, value });
  });

  test.each([
    ['9223372036854775808', 'value out of range'],
    ['-9223372036854775809', 'value out of range'],
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
  ])('goParseFloat(%s) returns %s', (text, value) => {
    expect(goParseFloat(text)).toEqual({ ok: true, value });
  });

  test.each(['', '.', 'e5', '1e', '_1', '1_', '1__0', '0x1', '+nan', '1e400'])('goParseFloat refuses %s', (text) => {
    expect(goParseFloat(text).ok).toBe(false);
  });

  test.each(['1', 't', 'TRUE', 'True'])('%s is true', (text) => {
    expect(goParseBool(text)).toEqual({ ok: true, value: true });
  });

  test.each(['yes', 'tRUE', '', ' true'])('%j is not a boolean', (text) => {
    expect(goParseBool(text).ok).toBe(false);
  });
});
