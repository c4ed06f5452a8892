import { describe, expect, it, test } from 'vitest';
import { EventLoopYielder } from './event-loop-yielder.ts';
import { KeyFifo } from './key-fifo.ts';

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

/** Takes as many keys as the queue has at first, so that the loop ends even if a faulty queue returns a key twice. */
const takeAll = (keys: KeyFifo): string[] => Array.from({ length: keys.size }, () => keys.take() ?? '');

test('keys leave the queue in the order in which they were added, also while other keys are added', () => {
  const keys = new KeyFifo('0');
  const taken: string[] = [];
  for (let added = 1; added < 3000; added += 1) {
    keys.add(String(added));
    // Two of three additions are followed by a removal, so that the queue keeps growing.
    if (added % 3 > 0) taken.push(keys.take() ?? '');
    expect(keys.size).toBe(added + 1 - taken.length);
  }
  expect([...taken, ...takeAll(keys)]).toEqual(Array.from({ length: 3000 }, (_, index) => String(index)));
  expect(keys.size).toBe(0);
  expect(keys.take()).toBeUndefined();
});

test('a key that was taken may be added again', () => {
  const keys = new KeyFifo('a');
  expect(keys.take()).toBe('a');
  keys.add('a');
  expect(takeAll(keys)).toEqual(['a']);
});
