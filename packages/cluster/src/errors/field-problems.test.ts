import { expect, test } from 'vitest';
import { formatValue } from './field-problems.ts';

test.each([
  [9_007_199_254_740_993n, '9007199254740993'],
  [{ revision: 9_007_199_254_740_993n, name: 'a' }, '{"revision":9007199254740993,"name":"a"}'],
])('the error for a field contains all digits of %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});
