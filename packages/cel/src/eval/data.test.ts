import { expect, test } from 'vitest';
import { sameData } from './data.ts';

test.each<[unknown, unknown, boolean]>([
  [{ a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1, b: 2 }, { a: 1 }, false],
  [[1], [1, 2], false],
  [[], {}, false],
  [{ a: undefined }, { b: undefined }, false],
  [null, {}, false],
])('%o and %o are the same data: %s', (a, b, same) => {
  const meter = { charge: () => undefined };
  expect(sameData(a, b, meter)).toBe(same);
  expect(sameData(b, a, meter)).toBe(same);
});
