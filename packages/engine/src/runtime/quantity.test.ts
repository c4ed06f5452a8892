import { expect, test } from 'vitest';
import { sameQuantity } from './objects/compare.ts';

test.each([
  ['1000m', '1', true],
  ['0.5', '500m', true],
  ['1024Mi', '1Gi', true],
  ['1e3', '1k', true],
  ['1.5Gi', '1536Mi', true],
  [1, '1', true],
  ['-1', '-1000m', true],
  ['1', '1001m', false],
  ['1Gi', '1G', false],
  ['1n', '1000p', false],
  ['1x', '1x', false],
  ['99999999999999999999999999999999999999', '1', false],
])('%s and %s are the same amount: %s', (a, b, expected) => {
  expect(sameQuantity(['spec', 'limits', 'cpu'], a, b)).toBe(expected);
});

test('values are compared as quantities only at paths that hold quantities in Kubernetes', () => {
  expect(sameQuantity(['data', 'cpu'], '1000m', '1')).toBe(false);
  expect(sameQuantity(['spec', 'version'], '1.0', '1')).toBe(false);
});
