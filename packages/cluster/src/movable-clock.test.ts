import { describe, expect, test, vi } from 'vitest';
import { type ClusterClock, type ManualClock, createManualClock } from './cluster-clock.ts';
import { type MovableClock, createMovableClock } from './movable-clock.ts';

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

test('a move runs the timers in the order of their times, including timers that callbacks start', () => {
  const { clock, ran, start } = clocks();
  start('late', 500);
  start('early', 100, () => start('child', 50));
  start('after', 1001);
  clock.advance(1000);
  expect(ran).toEqual(['early at 1100', 'child at 1150', 'late at 1500']);
  expect([clock.now(), clock.aheadMs]).toEqual([2000, 1000]);
});

test('after a move, the time continues from the new time, and each timer runs once, at its own time', () => {
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

test('a cancelled timer runs neither when its time comes nor during a move', () => {
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

test('onMove callbacks run before the first timer of a move, and then each time after all timers that are due at the same time', () => {
  const { clock, ran, start } = clocks();
  const remove = clock.onMove?.(() => ran.push(`moved at ${clock.now()}`));
  start('a', 100);
  start('b', 100, () => start('child', 0));
  start('c', 200);
  clock.advance(1000);
  expect(ran.splice(0)).toEqual([
    'moved at 1000',
    'a at 1100',
    'b at 1100',
    'child at 1100',
    'moved at 1100',
    'c at 1200',
    'moved at 1200',
  ]);
  remove?.();
  clock.advance(1000);
  expect(ran).toEqual([]);
});

test('advanceSettled calls settle at the start and after all timers of the same time, and also runs timers that settle starts', async () => {
  const { base, clock, ran, start } = clocks();
  start('a', 100);
  const moved = await clock.advanceSettled(1000, async () => {
    // The time of the base clock continues while the move waits.
    base.advance(1);
    ran.push(`settled at ${clock.now()}`);
    if (ran.length === 3) start('work', 300);
    return true;
  });
  expect(moved).toBe(1000);
  expect(ran).toEqual(['settled at 1001', 'a at 1100', 'settled at 1101', 'work at 1401', 'settled at 1402']);
  expect(clock.now()).toBe(2003);
});

test('advanceSettled calls no onMove callbacks', async () => {
  const { clock, ran, start } = clocks();
  clock.onMove?.(() => ran.push(`moved at ${clock.now()}`));
  start('a', 100);
  await clock.advanceSettled(1000, async () => {
    ran.push(`settled at ${clock.now()}`);
    return true;
  });
  expect(ran).toEqual(['settled at 1000', 'a at 1100', 'settled at 1100']);
});

test('advanceSettled ends early when settle returns false, and the next move starts from this time', async () => {
  const { clock, ran, start } = clocks();
  start('a', 100);
  start('b', 200);
  const first = clock.advanceSettled(1000, async () => ran.length === 0);
  const second = clock.advanceSettled(50, async () => true);
  expect([await first, await second, ran, clock.now()]).toEqual([100, 50, ['a at 1100'], 1150]);
  await expect(clock.advanceSettled(1, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await clock.advanceSettled(50, async () => true)).toBe(50);
  expect(ran).toEqual(['a at 1100', 'b at 1200']);
});

describe('the limit of timers at one time', () => {
  /**
   * Starts a timer that restarts itself after `milliseconds`, up to 30,000 times. A clock permits fewer timers while
   * its time does not advance.
   */
  const again = (clock: ClusterClock, milliseconds: number) => {
    let runs = 0;
    const start = () => {
      runs += 1;
      if (runs <= 30_000) clock.setTimer(milliseconds, start);
    };
    clock.setTimer(milliseconds, start);
  };
  /** Adds an `onMove` callback that starts a timer without delay, up to 30,000 times. */
  const againByMoves = (clock: ClusterClock) => {
    let runs = 0;
    clock.onMove?.(() => {
      runs += 1;
      if (runs <= 30_000) clock.setTimer(0, () => undefined);
    });
  };
  const base = () => createManualClock(0);

  test.each<[string, () => ManualClock | MovableClock, (clock: ClusterClock) => void]>([
    ['a manual clock with a timer that restarts itself', base, (clock) => again(clock, 0)],
    ['a manual clock whose onMove callback starts a timer', base, againByMoves],
    ['a movable clock with a timer that restarts itself', () => createMovableClock(base()), (clock) => again(clock, 0)],
    ['a movable clock whose onMove callback starts a timer', () => createMovableClock(base()), againByMoves],
  ])('ends a move with an error when each new timer has no delay: %s', (_, create, begin) => {
    const clock = create();
    const later = vi.fn();
    clock.setTimer(0, () => begin(clock));
    clock.setTimer(10, later);
    expect(() => clock.advance(1000)).toThrow(
      expect.objectContaining({
        code: 'cluster/clock',
        message: expect.stringContaining('1970-01-01T00:00:00') as unknown,
      }),
    );
    expect([clock.now(), later.mock.calls.length]).toEqual([0, 0]);
  });

  test('does not end a move with 200 timers at one time, or with a timer that restarts itself after a delay', () => {
    const clock = base();
    const ran = vi.fn();
    for (let index = 0; index < 200; index += 1) clock.setTimer(5, ran);
    again(clock, 1);
    clock.advance(29_000);
    expect([clock.now(), ran.mock.calls.length]).toEqual([29_000, 200]);
  });
});
