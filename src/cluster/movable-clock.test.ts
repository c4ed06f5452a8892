import { expect, test } from 'vitest';
import { createManualClock } from './clock.ts';
import { createMovableClock } from './movable-clock.ts';

function clocks() {
  const base = createManualClock(1000);
  const clock = createMovableClock(base);
  const ran: string[] = [];
  const start = (name: string, milliseconds: number, then?: () => void) =>
    clock.setTimer(milliseconds, () => {
      ran.push(`${name} at ${clock.now()}`);
      then?.();
    });
  return { base, clock, ran, start };
}

test('a movable clock shows the time of its base until it is moved', () => {
  const { base, clock, ran, start } = clocks();
  start('a', 10);
  base.advance(10);
  expect([clock.now(), clock.aheadMs, ran]).toEqual([1010, 0, ['a at 1010']]);
});

test('a move runs the timers in the order of their times, also those that callbacks start', () => {
  const { clock, ran, start } = clocks();
  start('late', 500);
  start('early', 100, () => start('child', 50));
  start('after', 1001);
  clock.advance(1000);
  expect(ran).toEqual(['early at 1100', 'child at 1150', 'late at 1500']);
  expect([clock.now(), clock.aheadMs]).toEqual([2000, 1000]);
});

test('after a move the time continues, and each timer runs once, at its own time', () => {
  const { base, clock, ran, start } = clocks();
  start('passed', 100);
  start('left', 1500);
  clock.advance(1000);
  base.advance(499);
  expect(ran).toEqual(['passed at 1100']);
  base.advance(1);
  base.advance(5000);
  expect(ran).toEqual(['passed at 1100', 'left at 2500']);
  expect(base.pending).toBe(0);
});

test('a cancelled timer runs neither by the time nor by a move', () => {
  const { base, clock, ran, start } = clocks();
  const first = start('first', 100);
  const second = start('second', 200, () => third.cancel());
  const third = start('third', 300);
  first.cancel();
  clock.advance(1000);
  second.cancel();
  base.advance(1000);
  expect([ran, base.pending]).toEqual([['second at 1200'], 0]);
});
