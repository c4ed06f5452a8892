import type { ClusterClock, Timer } from './clock.ts';
import { nextDue, systemClusterClock } from './clock.ts';

/** A clock that runs, and that can also be moved forward. */
export interface MovableClock extends ClusterClock {
  /** The time by which the clock is ahead, in milliseconds. */
  readonly aheadMs: number;
  /**
   * Moves the time forward, and runs the timers that become due, in the order of their times. Timers that callbacks
   * start also run if they become due.
   */
  advance(milliseconds: number): void;
}

interface Entry {
  readonly due: number;
  readonly callback: () => void;
  handle: Timer;
}

/** Creates a clock that shows the time of `base` (default: the machine's clock) until it is moved. */
export function createMovableClock(base: ClusterClock = systemClusterClock): MovableClock {
  let ahead = 0;
  let sequence = 0;
  const timers = new Map<number, Entry>();
  const now = () => base.now() + ahead;
  const arm = (id: number, due: number): Timer => base.setTimer(Math.max(0, due - now()), () => fire(id));

  function fire(id: number): void {
    const entry = timers.get(id);
    if (entry === undefined) return;
    timers.delete(id);
    entry.callback();
  }

  /** Moves the time to `target`. The base may already have passed this time. */
  const moveTo = (target: number): void => {
    ahead += Math.max(0, target - now());
  };

  return {
    now,
    get aheadMs() {
      return ahead;
    },
    setTimer(milliseconds, callback) {
      const id = sequence++;
      const due = now() + Math.max(0, milliseconds);
      timers.set(id, { due, callback, handle: arm(id, due) });
      return {
        cancel() {
          timers.get(id)?.handle.cancel();
          timers.delete(id);
        },
      };
    },
    advance(milliseconds) {
      const target = now() + milliseconds;
      const aheadAtEnd = ahead + milliseconds;
      for (let id = nextDue(timers, target); id !== undefined; id = nextDue(timers, target)) {
        const entry = timers.get(id);
        if (entry === undefined) continue;
        entry.handle.cancel();
        moveTo(entry.due);
        fire(id);
      }
      // The time of the base also passes while the callbacks run.
      ahead = Math.max(ahead, aheadAtEnd);
      // The base still has the remaining timers with their delays from before the move.
      for (const [id, entry] of timers) {
        entry.handle.cancel();
        entry.handle = arm(id, entry.due);
      }
    },
  };
}
