import { describe, expect, it } from 'vitest';
import { share } from '@typekro/kit/test-support/budget';
import { type Stories, simulate, STORIES } from './simulate.ts';

/** Seeds per test. */
const PER_TEST = 25;

/**
 * Declares the tests of every `of`-th batch of seeds. Several test files divide the batches among them, so that the
 * batches run in parallel.
 */
export function describeSeeds(part: number, of: number): void {
  describe('controller under faults', () => {
    describeBatches(rangeOf('simulationSeeds'), STORIES.definitions, '--seed', part, of);
  });
}

/** Declares the tests of seeds with stories about objects of the kind Graph. */
export function describeGraphSeeds(): void {
  describe('controller with Graphs under faults', () => {
    describeBatches(rangeOf('simulationGraphSeeds'), STORIES.graphs, '--graphs --seed');
  });
}

/** The seeds of this kind that this run simulates. The first seed of a kind is 1. */
function rangeOf(kind: string): SeedRange {
  const { first, count } = share(kind);
  return { first: 1 + first, last: first + count };
}

/** A range of seeds. */
interface SeedRange {
  readonly first: number;
  readonly last: number;
}

function describeBatches({ first, last }: SeedRange, stories: Stories, option: string, part = 0, of = 1): void {
  for (let from = first + part * PER_TEST; from <= last; from += PER_TEST * of) {
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
