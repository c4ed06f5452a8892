import { describe, expect, it } from 'vitest';
import { budget } from '../support/budget.ts';
import type { Stories } from './simulate.ts';
import { simulate, STORIES } from './simulate.ts';

/** Seeds per test. */
const PER_TEST = 25;

/**
 * Declares the tests of every `of`-th batch of seeds. Several files divide the batches, so that the files run in
 * parallel.
 */
export function describeSeeds(share: number, of: number): void {
  describe('controller under faults', () => {
    describeBatches(budget('simulationSeeds'), STORIES.definitions, '--seed', share, of);
  });
}

/** Declares the tests of the seeds with stories about objects of the kind Graph. */
export function describeGraphSeeds(): void {
  describe('controller with Graphs under faults', () => {
    describeBatches(budget('simulationGraphSeeds'), STORIES.graphs, '--graphs --seed');
  });
}

function describeBatches(seeds: number, stories: Stories, option: string, share = 0, of = 1): void {
  for (let from = 1 + share * PER_TEST; from <= seeds; from += PER_TEST * of) {
    const to = Math.min(from + PER_TEST - 1, seeds);
    it(`ends in the same state as without faults, and breaks no invariant: seeds ${from} to ${to}`, async () => {
      for (let seed = from; seed <= to; seed += 1) {
        const { problems } = await simulate(seed, undefined, undefined, stories);
        if (problems.length === 0) continue;
        expect.fail([`seed ${seed} (replay with npm run simulate -- ${option} ${seed})`, ...problems].join('\n'));
      }
    }, 120_000);
  }
}
