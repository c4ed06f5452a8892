import { describe, expect, it } from 'vitest';
import { budget } from '../support/budget.ts';
import { simulate } from './simulate.ts';

/** `TYPEKRO_SEED=17` replays one seed with its log. */
const only = process.env.TYPEKRO_SEED;

describe('controller under faults', () => {
  const seeds = only === undefined ? budget('simulationSeeds') : 1;
  const first = only === undefined ? 1 : Number(only);
  const perTest = 25;

  for (let from = first; from < first + seeds; from += perTest) {
    const to = Math.min(from + perTest, first + seeds) - 1;
    it(`ends where it ends without them, and breaks no rule on the way: seeds ${from} to ${to}`, async () => {
      for (let seed = from; seed <= to; seed += 1) {
        const { problems, log } = await simulate(seed);
        if (problems.length === 0) continue;
        const replay = `replay with npm run simulate -- --seed ${seed}`;
        expect.fail([`seed ${seed} (${replay})`, ...problems, ...(only === undefined ? [] : log)].join('\n'));
      }
    }, 120_000);
  }
});
