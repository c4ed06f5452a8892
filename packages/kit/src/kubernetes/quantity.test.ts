import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../golang/index.ts';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  isMultipleOf,
  parseQuantity,
  type ParsedQuantity,
  quantityOf,
  quantityToFloat,
  quantityToInteger,
  subtractQuantities,
} from './quantity.ts';

const read = (text: string): ParsedQuantity => {
  const quantity = parseQuantity(text);
  if (quantity instanceof Failure) throw new Error(quantity.message);
  return quantity;
};

describe('quantities', () => {
  test.each([
    ['1Gi', '1Gi', 1073741824n],
    ['1536Mi', '1536Mi', 1610612736n],
    ['1.5Gi', '1536Mi', undefined],
    ['0.5', '500m', undefined],
    ['1e3', '1e3', 1000n],
    ['1000', '1k', 1000n],
    ['1.0', '1', undefined],
    ['-0.5', '-500m', undefined],
    ['.', '0', 0n],
    ['1Ki', '1Ki', 1024n],
    ['8Ki', '8Ki', 8192n],
    ['10Ei', '9223372036854775807', undefined],
    ['0.0000000001', '1n', undefined],
    ['1000E', '1e21', undefined],
    ['-2k', '-2k', -2000n],
    ['1024Mi', '1Gi', 1073741824n],
  ])('%s has the canonical form %s', (text, canonical, integer) => {
    const quantity = read(text);
    expect(formatQuantity({ ...quantity, text: undefined } as unknown as ParsedQuantity)).toBe(canonical);
    expect(quantityToInteger(quantity)).toBe(integer);
  });

  test.each(['', 'abc', '1 Gi', '1gi', '1KI', '1.2.3', 'é'])('%j does not look like a quantity', (text) => {
    expect(parseQuantity(text)).toHaveProperty('message', expect.stringContaining('must match the regular expression'));
  });

  // A regular expression that can split the digits in several ways would take seconds for the first string.
  test.each([`${'0'.repeat(999)}!`, `${'1'.repeat(999)}!`, `1.${'0'.repeat(997)}!`])(
    'a long string of digits is refused at once',
    (text) => {
      const started = performance.now();
      for (let count = 0; count < 20; count += 1) expect(parseQuantity(text)).toBeInstanceOf(Failure);
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );

  test.each(['--1', '1e', '1eE3', '1iK'])('%s has an unknown suffix', (text) => {
    expect(parseQuantity(text)).toHaveProperty('message', "unable to parse quantity's suffix");
  });

  test.each([
    ['1', '1000m', 0],
    ['1Gi', '1G', 1],
    ['1e-20', '0', 1],
    ['-1', '1', -1],
  ])('%s compared with %s is %i', (a, b, order) => {
    expect(compareQuantities(read(a), read(b))).toBe(order);
  });

  test.each([
    ['1500m', '1500m'],
    ['1.500', '1.500'],
    ['1000m', '1'],
    ['1.5Gi', '1536Mi'],
  ])('%s is stored as %s', (text, stored) => {
    expect(formatQuantity(read(text))).toBe(stored);
  });

  test.each([
    ['4Mi', '2Mi', true],
    ['3Mi', '2Mi', false],
    ['2', '500m', true],
  ])('%s is a multiple of %s: %s', (amount, unit, expected) => {
    expect(isMultipleOf(read(amount), read(unit))).toBe(expected);
  });

  test.each([
    [1, '1'],
    ['0.5', '500m'],
    [1e21, '1e21'],
    [true, undefined],
    ['lots', undefined],
  ])('the JSON value %s is the amount %s', (value, text) => {
    const quantity = quantityOf(value);
    expect(quantity && formatQuantity({ ...quantity, text: undefined } as unknown as ParsedQuantity)).toBe(text);
  });

  test('a sum keeps the format of the left side, unless the left side is zero', () => {
    expect(formatQuantity(addQuantities(read('1Gi'), read('1Ki')))).toBe('1048577Ki');
    expect(formatQuantity(addQuantities(read('1Ki'), read('1024')))).toBe('2Ki');
    expect(formatQuantity(addQuantities(read('1024'), read('1Ki')))).toBe('2048');
    expect(formatQuantity(addQuantities(read('0'), read('1Ki')))).toBe('1Ki');
  });

  test('a difference keeps the format of the left side, but an amount below 1024 has no binary suffix', () => {
    expect(formatQuantity(subtractQuantities(read('1Ki'), read('24')))).toBe('1k');
  });

  test('quantityToFloat of 100m is 0.1, and quantityToFloat of a value beyond the range of a double is Infinity', () => {
    expect(quantityToFloat(read('100m'))).toBe(0.1);
    expect(quantityToFloat(read('1e400'))).toBe(Infinity);
  });

  test('parsing a formatted quantity yields an equal quantity', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }),
        fc.constantFrom('', 'm', 'k', 'Mi', 'G', 'Ti', 'e3', 'n'),
        (digits, suffix) => {
          const quantity = read(`${digits}${suffix}`);
          expect(compareQuantities(read(formatQuantity(quantity)), quantity)).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
