import { type ClusterClock, type Timer, createSteadyClock, MoveCallbacks, nextDue, Rounds } from './cluster-clock.ts';

/** A running clock that can also be moved forward. */
export interface MovableClock extends ClusterClock {
  /** How far the clock is ahead of its base clock, in milliseconds. */
  readonly aheadMs: number;
  /**
   * Moves the time forward, and runs the timers that become due, in the order of their times. Timers that callbacks
   * start during the move also run if they become due. The callbacks of `onMove` run before the first timer, and again
   * each time after all timers that are due at the same time have run.
   *
   * @throws TypeKroError `cluster/clock` when timers start new timers more than 10,000 times in a row while the time
   *   does not progress. The clock then keeps the time that it has reached.
   */
  advance(milliseconds: number): void;
  /**
   * Moves the time forward as `advance` does. Awaits `settle` before the first timer, and again each time after all
   * timers that are due at the same time have run. When `settle` resolves to false, the move ends, and the clock keeps
   * the time that it has reached. When `settle` rejects, the move ends, and the returned promise rejects with the same
   * error. Concurrent moves run one after another. The callbacks of `onMove`, in which a cluster does its pending work
   * at once, do not run. Instead, `settle` waits for this work, which runs in batches so that the process can also
   * handle requests. Returns the number of milliseconds by which this move has moved the clock.
   */
  advanceSettled(milliseconds: number, settle: () => Promise<boolean>): Promise<number>;
}

interface Entry {
  readonly due: number;
  readonly callback: () => void;
  handle: Timer;
}

/** Creates a clock that shows the time of `base` (default: the machine's time) until it is moved. */
export function createMovableClock(base: ClusterClock = createSteadyClock()): MovableClock {
  let ahead = 0;
  let sequence = 0;
  const timers = new Map<number, Entry>();
  const moves = new MoveCallbacks();
  let lastMove: Promise<unknown> = Promise.resolve();
  const now = () => base.now() + ahead;
  const arm = (id: number, due: number): Timer => base.setTimer(Math.max(0, due - now()), () => fire(id));

  function fire(id: number): void {
    const entry = timers.get(id);
    if (entry === undefined) return;
    timers.delete(id);
    entry.callback();
  }

  /**
   * Moves the time to the next timer, and runs the timers of that time. Returns false when no timer is due until
   * `limit`.
   */
  function step(limit: number, rounds?: Rounds): boolean {
    const next = timers.get(nextDue(timers, limit) ?? -1);
    if (next === undefined) return false;
    // The time of the base clock may already be past the timer's time.
    ahead += Math.max(0, next.due - now());
    for (let id = nextDue(timers, next.due); id !== undefined; id = nextDue(timers, next.due)) {
      // The time of the base clock also passes while callbacks run, so only `ahead` shows whether the move makes
      // progress.
      rounds?.note(id, ahead, sequence, now());
      timers.get(id)?.handle.cancel();
      fire(id);
    }
    return true;
  }

  /** Restarts the remaining timers on the base clock, because their delays are too long after a move. */
  function rearm(): void {
    for (const [id, entry] of timers) {
      entry.handle.cancel();
      entry.handle = arm(id, entry.due);
    }
  }

  async function move(milliseconds: number, settle: () => Promise<boolean>): Promise<number> {
    const before = ahead;
    const target = now() + milliseconds;
    try {
      do {
        if (!(await settle())) return ahead - before;
      } while (step(target));
      ahead = Math.max(ahead, before + milliseconds);
      return ahead - before;
    } finally {
      rearm();
    }
  }

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
    onMove: (callback) => moves.add(callback),
    advance(milliseconds) {
      const target = now() + milliseconds;
      const aheadAtEnd = ahead + milliseconds;
      const rounds = new Rounds();
      try {
        moves.call();
        while (step(target, rounds)) moves.call();
        // The time of the base clock also passes while callbacks run, so `ahead` may already be larger.
        ahead = Math.max(ahead, aheadAtEnd);
      } finally {
        rearm();
      }
    },
    advanceSettled(milliseconds, settle) {
      const next = () => move(milliseconds, settle);
      const moved = lastMove.then(next, next);
      lastMove = moved;
      return moved;
    },
  };
}
