import { expect, test } from 'vitest';
import { compare } from '../../property/compose/differential.ts';
import { TYPED } from './typed-programs.ts';

test.each(TYPED)('as in JavaScript: %s', (source) => {
  const verdict = compare(source);
  expect(verdict).toMatchObject({ kind: 'equal' });
  expect(verdict.kind === 'equal' && verdict.compared >= 2).toBe(true);
});
