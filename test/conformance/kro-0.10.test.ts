import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { KRO_0_10_DEVIATIONS } from './support/kro-0.10/deviations.ts';
import { runKroCases } from './support/kro-0.10/runner.ts';

const outcomes = runKroCases(fileURLToPath(new URL('kro-0.10', import.meta.url)));
const run = outcomes.filter(({ outcome }) => outcome.state !== 'notRun');

test('the cases are complete, and the cases that need neither a controller nor an API server run', () => {
  expect(outcomes).toHaveLength(330);
  expect(run.length).toBeGreaterThanOrEqual(181);
});

describe('cases of kro 0.10', () => {
  test.each(run.filter(({ each }) => !KRO_0_10_DEVIATIONS.has(each.id)).map((entry) => [entry.each.id, entry] as const))(
    '%s',
    (_id, { outcome }) => {
      expect(outcome).toEqual({ state: 'passed' });
    },
  );

  test('every listed deviation still deviates', () => {
    const mended = run.filter(({ each, outcome }) => KRO_0_10_DEVIATIONS.has(each.id) && outcome.state === 'passed');
    expect(mended.map(({ each }) => each.id)).toEqual([]);
  });
});
