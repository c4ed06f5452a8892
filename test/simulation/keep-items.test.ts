import { expect, it } from 'vitest';
import { differences } from '../../packages/testing/src/simulation/compare-states.ts';
import { noFaults } from '../../packages/testing/src/simulation/fault-schedule.ts';
import { TheseFaults } from './chosen-faults.ts';
import { run } from './run.ts';
import { applyRig, keepItems } from './user-actions.ts';

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
