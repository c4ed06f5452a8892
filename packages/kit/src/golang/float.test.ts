import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatExponent, formatFixed, formatGeneral, formatJsonNumber, formatPlain, parseFloat64 } from './float.ts';

describe('doubles as Go prints them', () => {
  test.each([
    [1e6, '1e+06', '1000000'],
    [123456, '123456', '123456'],
    [1e-5, '1e-05', '0.00001'],
    [0.0001, '0.0001', '0.0001'],
    [123456789, '1.23456789e+08', '123456789'],
    [-0, '-0', '-0'],
    [Infinity, '+Inf', '+Inf'],
    [Number.NaN, 'NaN', 'NaN'],
  ])('%d is %s in the general format and %s in the plain format', (value, general, plain) => {
    expect(formatGeneral(value)).toBe(general);
    expect(formatPlain(value)).toBe(plain);
  });

  test('formatFixed and formatExponent round the exact value, and a tie becomes even', () => {
    expect(formatFixed(2.5, 0)).toBe('2');
    expect(formatFixed(3.5, 0)).toBe('4');
    expect(formatFixed(1.005, 2)).toBe('1.00');
    expect(formatExponent(9.9999, 2)).toBe('1.00e+01');
    expect(formatExponent(1e23, 15)).toBe('9.999999999999999e+22');
    expect(formatExponent(0.000001, 16)).toBe('9.9999999999999995e-07');
  });

  test('JSON has no leading zero in the exponent', () => {
    expect([1e-7, 1e21, 1e20, -0].map(formatJsonNumber)).toEqual(['1e-7', '1e+21', '100000000000000000000', '-0']);
  });

  test.each([
    ['1_000.5', 1000.5],
    ['0x1p4', 16],
    ['0x.8p1', 1],
    ['0x1.p1', 2],
    ['5.', 5],
    ['0x1.fffffffffffff8p0', 2],
    ['0x1p-1074', 5e-324],
    ['.5', 0.5],
    ['-Infinity', -Infinity],
    ['1e400', 'range'],
    ['1e-400', 0],
    ['1__0', 'syntax'],
    ['0x1', 'syntax'],
    ['0x.p1', 'syntax'],
    ['0xp1', 'syntax'],
    [' 1', 'syntax'],
    ['', 'syntax'],
  ])('the result of parsing %j is %s', (text, value) => {
    expect(parseFloat64(text)).toBe(value);
  });

  test.each([`${'1'.repeat(100_000)}x`, `0x${'f'.repeat(100_000)}x`, `${'1'.repeat(50_000)}.${'1'.repeat(50_000)}x`])(
    'an invalid long string of digits is refused quickly',
    (text) => {
      const started = performance.now();
      expect(parseFloat64(text)).toBe('syntax');
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );

  test('a printed double parses to the same double', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(parseFloat64(formatGeneral(value))).toBe(value);
        if (Number.isFinite(value)) expect(parseFloat64(formatPlain(value))).toBe(value);
      }),
    );
  });
});
