import { describe, expect, test } from 'vitest';
import { compare } from '../../property/compose/differential.ts';
import { compareLive } from '../../support/compose-live.ts';
import { CARRIED, REFUSED, REMEDIES } from './carried-programs.ts';
import { EVERYDAY } from './everyday-programs.ts';
import { LIVE } from './live-programs.ts';
import { TYPED } from './typed-programs.ts';

describe('loops that carry values from one iteration to the next, and the programs that replace refused loops', () => {
  test.each([...Object.entries(CARRIED), ...Object.entries(REMEDIES)])('as in JavaScript: %s', (_, source) => {
    const verdict = compare(source);
    expect(verdict).toMatchObject({ kind: 'equal' });
    expect(verdict.kind === 'equal' && verdict.compared >= 3).toBe(true);
  });

  test.each(Object.entries(REFUSED))('refused: %s', (_, source) => {
    expect(compare(source)).toMatchObject({ kind: 'refused', code: 'trace/loop-carried' });
  });
});

test.each(EVERYDAY)('as in JavaScript: %s', (source) => {
  const verdict = compare(source);
  expect(verdict).toMatchObject({ kind: 'equal' });
  expect(verdict.kind === 'equal' && verdict.compared >= 3).toBe(true);
});

test.each(LIVE)('the graph has the same results as JavaScript: $source', (program) => {
  const { compared, differences } = compareLive(program);
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(4);
});

test.each(TYPED)('as in JavaScript: %s', (source) => {
  const verdict = compare(source);
  expect(verdict).toMatchObject({ kind: 'equal' });
  expect(verdict.kind === 'equal' && verdict.compared >= 2).toBe(true);
});
