import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readCases } from './support/kro-0.10/cases.ts';
import { KRO_0_10_DEVIATIONS } from './support/kro-0.10/deviations.ts';
import { runCase } from './support/kro-0.10/runner.ts';

const cases = readCases(fileURLToPath(new URL('kro-0.10', import.meta.url)));
const listed = cases.filter(({ id }) => KRO_0_10_DEVIATIONS.has(id));

test('the cases are complete, and few of them deviate', () => {
  expect(cases).toHaveLength(330);
  expect(listed.map(({ id }) => id)).toEqual([...KRO_0_10_DEVIATIONS.keys()]);
  expect(listed.length).toBeLessThanOrEqual(cases.length * 0.025);
});

describe('cases of kro 0.10', () => {
  const expected = cases.filter(({ id }) => !KRO_0_10_DEVIATIONS.has(id));
  test.each(expected.map((each) => [each.id, each] as const))('%s', async (_id, each) => {
    expect(await runCase(each)).toEqual({ state: 'passed' });
  });

  test.each(listed.map((each) => [each.id, each] as const))('%s still deviates', async (_id, each) => {
    expect((await runCase(each)).state).not.toBe('passed');
  });
});
