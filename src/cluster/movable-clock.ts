import type { ClusterClock, Timer } from './clock.ts';
import { MoveCallbacks, nextDue, Rounds, systemClusterClock } from './clock.ts';

/** A clock that runs, and that can also be moved forward. */
export interface MovableClock extends ClusterClock {
  /** The time by which the clock is ahead, in milliseconds. */
  readonly aheadMs: number;
  /**
   * Moves the time forward, and runs the timers that become due, in the order of their times. Timers that callbacks
   * start also run if they become due. The callbacks of `onMove` run after the timers of each time.
   *
   * @throws TypeKroError `cluster/clock` when timers start further timers more than 10,000 times one after another, and
   *   the move does not go on meanwhile. The clock then stays at the time that it has reached.
   */
  advance(milliseconds: number): void;
  /**
   * Moves the time forward as `advance` does, and waits for `settle` before the first timer, and again after the timers
   * of each time. When `settle` returns false, the clock stays at the time that it has reached. Moves run one after
   * another. A rejection of `settle` ends the move, and is passed on. The callbacks of `onMove` do not run: `settle`
   * waits for the work, which runs in batches, so that the process also answers requests.
   *
   * Returns the milliseconds by which the move has put the clock ahead.
   */
  advanceSettled(milliseconds: number, settle: () => Promise<boolean>): Promise<number>;
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

  /** Moves the time to the next timer, and runs the timers of that time. Returns false when none is due at `limit`. */
  function step(limit: number, rounds?: Rounds): boolean {
    const next = timers.get(nextDue(timers, limit) ?? -1);
    if (next === undefined) return false;
    // The base may already have passed the time of the timer.
    ahead += Math.max(0, next.due - now());
    for (let id = nextDue(timers, next.due); id !== undefined; id = nextDue(timers, next.due)) {
      // The time of the base passes while the callbacks run, so `ahead` shows whether the move goes on.
      rounds?.note(id, ahead, sequence, now());
      timers.get(id)?.handle.cancel();
      fire(id);
    }
    return true;
  }

  /** The base still has the remaining timers with their delays from before the move. */
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
        // The time of the base also passes while the callbacks run.
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
