import { expect, test } from 'vitest';
import { mapDefined } from './problems.ts';

test('mapDefined() leaves out undefined results, and keeps false and null', () => {
  const answers = new Map<number, string | boolean | null>([
    [1, 'one'],
    [3, false],
    [4, null],
  ]);
  expect(mapDefined([1, 2, 3, 4], (item) => answers.get(item))).toEqual(['one', false, null]);
});
