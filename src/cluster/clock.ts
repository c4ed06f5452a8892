import { formatTime } from '../kubernetes/index.ts';

/** A started timer. A second call of `cancel` does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The time of a cluster. All code of the cluster that reads the time or waits uses this clock. A test can therefore
 * stop the time and move it.
 */
export interface ClusterClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `callback` once, after `milliseconds`. A timer does not keep the process alive. */
  setTimer(milliseconds: number, callback: () => void): Timer;
}

/** The present time in the format of timestamps in objects. */
export const timestampOf = (clock: Pick<ClusterClock, 'now'>): string => formatTime(clock.now());

/** A clock that only `advance` moves. */
export interface ManualClock extends ClusterClock {
  /** Moves the time forward and runs the timers that become due, in the order of their times. */
  advance(milliseconds: number): void;
  /** The number of timers that are not due yet. */
  readonly pending: number;
}

/** The machine's clock. */
export const systemClusterClock: ClusterClock = {
  now: () => Date.now(),
  setTimer(milliseconds, callback) {
    const handle = setTimeout(callback, Math.min(milliseconds, 2 ** 31 - 1));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * The id of the first timer that is due at `limit` or earlier. Timers with equal times are due in the order of their
 * starts.
 */
export function nextDue(timers: ReadonlyMap<number, { readonly due: number }>, limit: number): number | undefined {
  let found: number | undefined;
  for (const [id, { due }] of timers) {
    if (due > limit) continue;
    if (found === undefined || due < (timers.get(found)?.due ?? Number.POSITIVE_INFINITY)) found = id;
  }
  return found;
}

/** A clock for tests that starts at `start` (milliseconds since the epoch, default: now). */
export function createManualClock(start: number = Date.now()): ManualClock {
  let time = start;
  let sequence = 0;
  const timers = new Map<number, { due: number; callback: () => void }>();
  return {
    now: () => time,
    setTimer(milliseconds, callback) {
      const id = sequence++;
      timers.set(id, { due: time + Math.max(0, milliseconds), callback });
      return { cancel: () => void timers.delete(id) };
    },
    advance(milliseconds) {
      const target = time + milliseconds;
      for (let id = nextDue(timers, target); id !== undefined; id = nextDue(timers, target)) {
        const timer = timers.get(id);
        timers.delete(id);
        if (timer === undefined) continue;
        time = Math.max(time, timer.due);
        timer.callback();
      }
      time = target;
    },
    get pending() {
      return timers.size;
    },
  };
}
