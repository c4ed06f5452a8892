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
    describeBatches({ first: 1, last: budget('simulationSeeds') }, STORIES.definitions, '--seed', share, of);
  });
}

/** The number of seeds with stories about Graphs. `npm run long` runs another part of them each day. */
const GRAPH_SEEDS = 2000;

/** Declares the tests of seeds with stories about objects of the kind Graph. */
export function describeGraphSeeds(): void {
  const seeds = budget('simulationGraphSeeds');
  const parts = process.env.TYPEKRO_BUDGET === 'long' ? Math.max(1, Math.floor(GRAPH_SEEDS / seeds)) : 1;
  const day = Math.floor(Date.now() / 86_400_000);
  const first = 1 + (day % parts) * seeds;
  describe('controller with Graphs under faults', () => {
    describeBatches({ first, last: first + seeds - 1 }, STORIES.graphs, '--graphs --seed');
  });
}

/** A range of seeds. */
interface SeedRange {
  readonly first: number;
  readonly last: number;
}

function describeBatches({ first, last }: SeedRange, stories: Stories, option: string, share = 0, of = 1): void {
  for (let from = first + share * PER_TEST; from <= last; from += PER_TEST * of) {
    const to = Math.min(from + PER_TEST - 1, last);
    it(`ends in the same state as without faults, and breaks no invariant: seeds ${from} to ${to}`, async () => {
      for (let seed = from; seed <= to; seed += 1) {
        const { problems } = await simulate(seed, undefined, undefined, stories);
        if (problems.length === 0) continue;
        expect.fail([`seed ${seed} (replay with npm run simulate -- ${option} ${seed})`, ...problems].join('\n'));
      }
    }, 120_000);
  }
}
