import { describe, expect, it } from 'vitest';
import { budget } from '../support/budget.ts';
import { simulate } from './simulate.ts';

/**
 * Declares the tests of every `of`-th batch of seeds. Several files divide the batches, so that the files run in
 * parallel.
 */
export function describeSeeds(share: number, of: number): void {
  const seeds = budget('simulationSeeds');
  const perTest = 25;

  describe('controller under faults', () => {
    for (let from = 1 + share * perTest; from <= seeds; from += perTest * of) {
      const to = Math.min(from + perTest - 1, seeds);
      it(`ends in the same state as without faults, and breaks no invariant: seeds ${from} to ${to}`, async () => {
        for (let seed = from; seed <= to; seed += 1) {
          const { problems } = await simulate(seed);
          if (problems.length === 0) continue;
          expect.fail([`seed ${seed} (replay with npm run simulate -- --seed ${seed})`, ...problems].join('\n'));
        }
      }, 120_000);
    }
  });
}
