import { expect, it } from 'vitest';
import { differences } from '../../packages/testing/src/simulation/compare-states.ts';
import { noFaults } from '../../packages/testing/src/simulation/fault-schedule.ts';
import { TheseFaults } from './chosen-faults.ts';
import { holdItems } from './hold-items.ts';
import { run } from './run.ts';
import { applyRig } from './user-actions.ts';

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
