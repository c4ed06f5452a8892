import { expect, test } from 'vitest';
import { createManualClock, createMovableClock } from '@typekro/cluster';
import { MAX_MOVE_WORK_MS, moveClock } from './move-clock.ts';

test('a move of the clock waits at each timer for the work of the controllers', async () => {
  const clock = createMovableClock(createManualClock(0));
  const times: number[] = [];
  clock.setTimer(1000, () => {});
  clock.setTimer(5000, () => {});
  await moveClock({ clock, idle: async () => void times.push(clock.now()) }, 9000, createManualClock());
  expect([times, clock.now()]).toEqual([[0, 1000, 5000], 9000]);
});

test('when the work of a move takes too long, the clock stops, and the error says how far it moved', async () => {
  const clock = createMovableClock(createManualClock(0));
  const machine = createManualClock();
  clock.setTimer(1000, () => {});
  clock.setTimer(5000, () => {});
  const idle = async () => {
    if (clock.now() < 1000) return;
    machine.advance(MAX_MOVE_WORK_MS);
    await new Promise(() => {});
  };
  await expect(moveClock({ clock, idle }, 9000, machine)).rejects.toMatchObject({
    code: 'cluster/clock',
    message: 'the controllers need more than 90 s for the work of 9s: the clock went on by 1s',
    remedy: 'move the clock by the remaining 8s in smaller steps, or with fewer objects that change each minute',
  });
  expect([clock.now(), machine.pending]).toEqual([1000, 0]);
});
