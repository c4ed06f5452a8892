import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { budget, numbersOf, share } from '@typekro/kit/test-support/budget';
import { mutate } from '../mutations/mutate.ts';
import { REQUEST_FAULTS, noFaults } from '../../packages/testing/src/simulation/fault-schedule.ts';
import { differences } from '../../packages/testing/src/simulation/compare-states.ts';
import { runDays } from './days.ts';
import { SCENARIOS, SERIES, exhaust, runSeries } from './exhaustive.ts';
import { MUTATIONS } from './mutations.ts';
import { TheseFaults } from './chosen-faults.ts';
import { holdItems } from './hold-items.ts';
import { run } from './run.ts';
import { applyRig, keepItems } from './user-actions.ts';

const { first, count: wanted } = share('simulatedHours');

it.each([1, 2])(
  'with %i processes, a story of many hours with faults ends in the same state as the story without faults',
  async (processes) => {
    const hours: number[] = [];
    const onHour = async (hour: number) => void hours.push(Math.floor(hour));
    const { problems, actions, rotations, refused } = await runDays({
      seed: processes + first,
      hours: wanted,
      processes,
      onHour,
    });
    expect(problems).toEqual([]);
    expect(hours.at(-1)).toBeGreaterThanOrEqual(wanted);
    expect(actions).toBeGreaterThan(wanted * 5);
    expect(rotations).toBeGreaterThanOrEqual(wanted);
    expect(refused).toBeGreaterThan(0);
  },
  120_000,
);

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

const ACTIONS = [
  { ...applyRig('one', { text: 'a', names: ['a', 'd'], extra: true }), pause: 'settle' as const },
  { ...holdItems('one'), pause: 'settle' as const },
];
const PLAN = { seed: 1, processes: 1, actions: ACTIONS };
/** The distance between the faulty requests of two consecutive runs, in requests. */
const STEP = 25;

it('items are held back while the condition is false, and written when it is true, even if the controller crashes', async () => {
  const good = await run({ ...PLAN, schedule: noFaults() });
  expect(good.problems).toEqual([]);
  const texts = good.state.filter(({ metadata }) => metadata.name?.startsWith('one-item-'));
  expect(texts.map((object) => object['data'])).toEqual([{ text: 'freed' }, { text: 'freed' }, { text: 'freed' }]);
  for (let request = 1; request <= good.requests; request += STEP) {
    const bad = await run({ ...PLAN, schedule: new TheseFaults(new Map([[request, 'crash-after']])) });
    expect([request, ...bad.problems, ...differences(good.state, bad.state)]).toEqual([request]);
  }
}, 120_000);

describe('keep items', () => {
  /**
   * In each run, the controller crashes after one request: in the first run after request 1, and in each later run this
   * number of requests later.
   */
  const STEP = 25;

  it.each(['item', 'instance'] as const)(
    'items with the policy Orphaned stay when the %s is removed, even if the controller crashes',
    async (retired) => {
      const actions = [
        { ...applyRig('one', { text: 'a', names: ['a', 'd'], extra: true }), pause: 'settle' as const },
        { ...keepItems('one', retired), pause: 'settle' as const },
      ];
      const plan = { seed: 1, processes: 1, actions };
      const good = await run({ ...plan, schedule: noFaults() });
      expect(good.problems).toEqual([]);
      const items = good.state.filter(({ metadata }) => metadata.name?.startsWith('one-item-'));
      expect(items.map(({ metadata }) => metadata.name)).toEqual(['one-item-a', 'one-item-b']);
      for (let request = 1; request <= good.requests; request += STEP) {
        const bad = await run({ ...plan, schedule: new TheseFaults(new Map([[request, 'crash-after']])) });
        expect([request, ...bad.problems, ...differences(good.state, bad.state)]).toEqual([request]);
      }
    },
    120_000,
  );
});
