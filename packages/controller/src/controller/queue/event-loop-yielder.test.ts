import { describe, expect, it } from 'vitest';
import { EventLoopYielder } from './event-loop-yielder.ts';

/**
 * Starts pieces of work with these costs at the same time. Returns how many pieces were done before the first break,
 * between two consecutive breaks, and after the last break.
 */
async function pieces(costs: readonly number[]): Promise<number[]> {
  let now = 0;
  let done = 0;
  const delays: number[] = [];
  const yielder = new EventLoopYielder({
    now: () => now,
    async turn() {
      await new Promise(setImmediate);
      delays.push(done);
      done = 0;
      // Other work takes time during the break.
      now += 5;
    },
  });
  await Promise.all(
    costs.map(async (cost) => {
      while (yielder.due) await yielder.break();
      now += cost;
      done += 1;
    }),
  );
  return [...delays, done];
}

describe('EventLoopYielder', () => {
  it.each([
    ['cheap work', Array.from({ length: 6 }, () => 5), [6]],
    ['expensive work', [1400, 1400, 1400], [1, 1, 1]],
    ['work with a high total cost', Array.from({ length: 6 }, () => 20), [3, 3]],
    ['cheap work with one expensive piece', [1, 1, 1400, 1, 1], [3, 2]],
  ])('takes a break only when one is due: %s', async (_what, costs, between) => {
    expect(await pieces(costs)).toEqual(between);
  });
});
