import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { GRAPH_DEVIATIONS } from './support/graph-deviations.ts';
import { runGraphCorpus } from './support/graph-runner.ts';

const outcomes = runGraphCorpus(fileURLToPath(new URL('graph', import.meta.url)));
const groups = new Map<string, typeof outcomes>();
for (const outcome of outcomes) groups.set(outcome.group, [...(groups.get(outcome.group) ?? []), outcome]);

test('the corpus is complete', () => {
  expect(outcomes.length).toBe(1098 + 24 + 46);
});

describe('kro’s recorded answers', () => {
  test.each([...groups.keys()])('%s', (group) => {
    const failures = (groups.get(group) ?? [])
      .filter(({ name, problem }) => problem !== undefined && !GRAPH_DEVIATIONS.has(name))
      .map(({ name, problem }) => `${name}: ${problem}`);
    expect(failures).toEqual([]);
  });

  test('every case in the list of deviations still deviates', () => {
    const problems = new Map(outcomes.map(({ name, problem }) => [name, problem]));
    const passing = [...GRAPH_DEVIATIONS.keys()].filter((name) => problems.get(name) === undefined);
    expect(passing).toEqual([]);
  });
});
