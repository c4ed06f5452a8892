import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareQuantities, formatQuantity, parseQuantity } from './quantity.ts';

test.each([
  ['1000m', '1'],
  ['0.5', '500m'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['1e3', '1e3'],
  ['100', '100'],
  ['0', '0'],
  ['-2k', '-2k'],
  ['1234567', '1234567'],
  ['0.0000000001', '1n'],
])('%s is written as %s', (text, expected) => {
  const quantity = parseQuantity(text);
  expect(quantity && formatQuantity(quantity)).toBe(expected);
});

test.each(['', 'lots', '1.2.3', '1Kb', '--1', '1e', 'Ki'])('%j is no quantity', (text) => {
  expect(parseQuantity(text)).toBeUndefined();
});

test('the canonical form means the same and stays as it is', () => {
  const texts = fc
    .tuple(fc.integer({ min: 0, max: 100_000 }), fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e2'))
    .map(([value, suffix]) => `${value}${suffix}`);
  fc.assert(
    fc.property(texts, (text) => {
      const quantity = parseQuantity(text);
      const canonical = quantity && formatQuantity(quantity);
      const again = canonical === undefined ? undefined : parseQuantity(canonical);
      expect(quantity && again && compareQuantities(quantity, again)).toBe(0);
      expect(again && formatQuantity(again)).toBe(canonical);
    }),
    { numRuns: 300 },
  );
});
