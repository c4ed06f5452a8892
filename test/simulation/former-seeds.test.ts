import { expect, it } from 'vitest';
import { spread } from '@typekro/kit/test-support/budget';
import { FORMER_SEEDS } from './former-seeds.ts';
import { simulate, STORIES } from './simulate.ts';

const seeds = [
  ...FORMER_SEEDS.definitions.map((seed) => ['definitions', '--seed', seed] as const),
  ...FORMER_SEEDS.graphs.map((seed) => ['graphs', '--graphs --seed', seed] as const),
];

it.each(spread(seeds, 'formerSeeds'))(
  'a seed that has found a defect in %s now finds no problem: npm run simulate -- %s %i',
  async (kind, _, seed) => {
    expect((await simulate(seed, undefined, undefined, STORIES[kind])).problems).toEqual([]);
  },
  60_000,
);
