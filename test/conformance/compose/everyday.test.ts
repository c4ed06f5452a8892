import { expect, test } from 'vitest';
import { compare } from '../../property/compose/differential.ts';
import { EVERYDAY } from './everyday-programs.ts';

test.each(EVERYDAY)('as in JavaScript: %s', (source) => {
  const verdict = compare(source);
  expect(verdict).toMatchObject({ kind: 'equal' });
  expect(verdict.kind === 'equal' && verdict.compared >= 3).toBe(true);
});
