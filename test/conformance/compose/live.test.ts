import { expect, test } from 'vitest';
import { compareLive } from '../../support/compose-live.ts';
import { LIVE } from './live-programs.ts';

test.each(LIVE)('the graph has the same results as JavaScript: $source', (program) => {
  const { compared, differences } = compareLive(program);
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(4);
});
