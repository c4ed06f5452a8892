import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { budget, numbersOf } from '@typekro/kit/test-support/budget';
import { exhaust, runSeries, SCENARIOS, SERIES } from './exhaustive.ts';
import { mutate } from '../mutations/mutate.ts';
import { MUTATIONS } from './mutations.ts';
import { REQUEST_FAULTS } from '../../packages/testing/src/simulation/fault-schedule.ts';

/**
 * All stories. `npm test` runs the first story, and its only faults are a kill before and a kill after a request.
 * `npm run long` injects all faults, and runs another story each day. The full run injects all faults into all stories.
 */
const all = [...SCENARIOS];
const stories = numbersOf('exhaustiveStories').flatMap((number) => all.slice(number, number + 1));
const faults = REQUEST_FAULTS.slice(0, budget('exhaustiveFaults'));

describe('every fault at every request', () => {
  it.each(stories)(
    '%s: breaks no invariant and ends in the same state as without the fault',
    async (_, actions) => {
      const { requests, runs, failures } = await exhaust(actions, faults);
      expect(failures).toEqual([]);
      expect(runs).toBe(requests * faults.length);
      expect(requests).toBeGreaterThan(30);
    },
    1_800_000,
  );
});

describe('combinations of faults', () => {
  it.each(Object.entries(SERIES))(
    '%s: breaks no invariant and ends in the same state as without the faults',
    async (_, series) => {
      const { runs, failures } = await runSeries(series);
      expect(failures).toEqual([]);
      expect(runs).toBeGreaterThan(30);
    },
    1_800_000,
  );
});

describe('the mutations that break an invariant', () => {
  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
    '%s: changes its source file',
    (_, mutation) => {
      const source = readFileSync(new URL(`../../${mutation.file}`, import.meta.url), 'utf8');
      expect(mutate(mutation)).not.toBe(source);
    },
  );
});
