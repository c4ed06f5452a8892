import { describe, expect, it } from 'vitest';
import { EventLoopYielder } from './event-loop-yielder.ts';

/** Starts pieces of work with these costs at the same time. Returns the number of pieces between breaks. */
async function pieces(costs: readonly number[]): Promise<number[]> {
  let now = 0;
  let done = 0;
  const told: number[] = [];
  const yielder = new EventLoopYielder({
    now: () => now,
    async turn() {
      await new Promise(setImmediate);
      told.push(done);
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
  return [...told, done];
}

describe('EventLoopYielder', () => {
  it.each([
    ['work that costs little', Array.from({ length: 6 }, () => 5), [6]],
    ['work that costs much', [1400, 1400, 1400], [1, 1, 1]],
    ['work that adds up', Array.from({ length: 6 }, () => 20), [3, 3]],
    ['one costly piece among others', [1, 1, 1400, 1, 1], [3, 2]],
  ])('breaks %s', async (_what, costs, between) => {
    expect(await pieces(costs)).toEqual(between);
  });
});
