import { describe, expect, test } from 'vitest';
import { MAX_CORPUS_BYTES, readCorpus } from './corpus.ts';
import { problemWith } from './fuzz-target.ts';
import { FUZZ_TARGETS } from './targets.ts';

/**
 * An input is in `test/fuzz/corpus` because it ran a block of code that no other input had run, or because it caused a
 * problem. `npm run fuzz -- TARGET --save` adds more.
 */
describe.each(Object.entries(FUZZ_TARGETS))('the inputs of %s', (name, load) => {
  test('are in the repository, and cause no problem', { timeout: 120_000 }, async () => {
    const { target } = await load();
    expect(target.name).toBe(name);
    const inputs = readCorpus(name);
    expect(inputs.length).toBeGreaterThan(0);
    const problems: string[] = [];
    for (const input of [...inputs, ...target.seeds()]) {
      const problem = await problemWith(target, input);
      if (problem !== undefined) problems.push(`${input.toString('base64')}: ${problem}`);
    }
    expect(problems).toEqual([]);
    const bytes = inputs.reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeLessThanOrEqual(MAX_CORPUS_BYTES);
  });
});
