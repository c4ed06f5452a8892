import { monotonicMs, startTimer, TypeKroError } from '@typekro/kit/core';
import { formatTime } from '@typekro/kit/kubernetes';

/** A started timer. A second call of `cancel` does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The time of a cluster. Objects, tokens, watches, faults and controllers use this clock, so a test can stop and
 * advance their time. Most time limits of sockets, of calls to other servers and of local processes use the machine's
 * clock.
 */
export interface ClusterClock {
  /** The time in milliseconds since the epoch. */
  now(): number;
  /** Runs `callback` once, after `milliseconds`. A timer does not keep the process alive. */
  setTimer(milliseconds: number, callback: () => void): Timer;
  /**
   * Adds a callback in which a cluster does its pending work. An advance of the clock calls it before the first timer,
   * and after the timers of each point in time. `advanceSettled` of a `MovableClock` calls no callback, because it
   * waits for the work of its cluster itself. Returns a function that removes the callback. Absent for a clock that
   * cannot be advanced.
   */
  onMove?(callback: () => void): () => void;
}

/** Returns the present time in the format of timestamps in objects. */
export const timestampOf = (clock: Pick<ClusterClock, 'now'>): string => formatTime(clock.now());

/** A clock whose time changes only by `advance`. */
export interface ManualClock extends ClusterClock {
  /**
   * Advances the time from timer to timer, and runs the timers in the order of their times. At each of these times, the
   * simulated controllers of the clusters with this clock do their work. Work that waits for a promise, for example for
   * a webhook, is done after the advance.
   *
   * @throws TypeKroError `cluster/clock` when timers start other timers for the same time more than 10,000 times in
   *   succession. The clock then stays at that time.
   */
  advance(milliseconds: number): void;
  /** The number of timers that have not fired yet. */
  readonly pending: number;
}

/** The machine's clock. A timer may be longer than `setTimeout` accepts (25 days). */
export const systemClusterClock: ClusterClock = {
  now: () => Date.now(),
  setTimer: (milliseconds, callback) => startTimer(milliseconds, callback, false),
};

/** The maximum difference for which the machine's clock counts as adjusted and not as set back, in milliseconds. */
const MAX_ADJUSTMENT_MS = 1000;

/**
 * Creates a clock for a cluster, which shows the machine's time and never goes back. When the machine's clock is set
 * back, the time of this clock goes on from where it was: a controller that waits until a time in an object would
 * otherwise wait longer by the whole jump. A jump forward is followed, because a machine that sleeps makes one.
 *
 * @param wall the machine's time in milliseconds since the epoch
 * @param steady milliseconds of a clock that never jumps
 */
export function createSteadyClock(
  wall: () => number = () => Date.now(),
  steady: () => number = monotonicMs,
): ClusterClock {
  let time = wall();
  let readAt = steady();
  return {
    ...systemClusterClock,
    now() {
      const elapsed = steady() - readAt;
      const continued = time + elapsed;
      readAt += elapsed;
      const shown = wall();
      time = shown < continued - MAX_ADJUSTMENT_MS ? continued : Math.max(shown, time);
      return Math.floor(time);
    },
  };
}

/**
 * Returns the id of the first timer that is due at or before `limit`. Timers with equal times fire in the order of
 * their starts.
 */
export function nextDue(timers: ReadonlyMap<number, { readonly due: number }>, limit: number): number | undefined {
  let found: number | undefined;
  for (const [id, { due }] of timers) {
    if (due > limit) continue;
    if (found === undefined || due < (timers.get(found)?.due ?? Number.POSITIVE_INFINITY)) found = id;
  }
  return found;
}

/** The callbacks of `onMove`. */
export class MoveCallbacks {
  readonly #callbacks = new Set<() => void>();

  add(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => void this.#callbacks.delete(callback);
  }

  /** Calls all callbacks. Each callback must handle its own errors. */
  call(): void {
    for (const callback of this.#callbacks) callback();
  }
}

/** The maximum number of times in succession that timers start other timers for the same time. */
const MAX_ROUNDS_AT_ONE_TIME = 10_000;

/** Detects an advance of a clock that does not end, because its timers always start other timers for the same time. */
export class Rounds {
  #time = Number.NaN;
  #count = 0;
  /** The timers of the present round have ids below this id. */
  #end = 0;

  /**
   * Records that timer `id` runs at `time`. `nextId` is the id that the next started timer gets.
   *
   * @throws TypeKroError `cluster/clock` when the timers of this time exceed the maximum number of rounds. The message
   *   contains the time `shown`.
   */
  note(id: number, time: number, nextId: number, shown: number = time): void {
    if (time !== this.#time) [this.#time, this.#count, this.#end] = [time, 0, nextId];
    if (id < this.#end) return;
    this.#end = nextId;
    this.#count += 1;
    if (this.#count <= MAX_ROUNDS_AT_ONE_TIME) return;
    const rounds = `new work was due at this time ${MAX_ROUNDS_AT_ONE_TIME} times in a row`;
    throw new TypeKroError(`the clock stays at ${formatTime(shown)}: ${rounds}`, {
      code: 'cluster/clock',
      remedy: 'make the timer or the controller wait at least 1 ms before it works again',
    });
  }
}

/** Creates a clock for tests that starts at `start` (milliseconds since the epoch, default: now). */
export function createManualClock(start: number = Date.now()): ManualClock {
  let time = start;
  let sequence = 0;
  const timers = new Map<number, { due: number; callback: () => void }>();
  const moves = new MoveCallbacks();
  /** Runs the due timers, including timers that callbacks start. */
  const runDue = (rounds: Rounds) => {
    for (let id = nextDue(timers, time); id !== undefined; id = nextDue(timers, time)) {
      rounds.note(id, time, sequence);
      const timer = timers.get(id);
      timers.delete(id);
      timer?.callback();
    }
  };
  return {
    now: () => time,
    setTimer(milliseconds, callback) {
      const id = sequence++;
      timers.set(id, { due: time + Math.max(0, milliseconds), callback });
      return { cancel: () => void timers.delete(id) };
    },
    onMove: (callback) => moves.add(callback),
    advance(milliseconds) {
      const target = time + milliseconds;
      const rounds = new Rounds();
      moves.call();
      for (let id = nextDue(timers, target); id !== undefined; id = nextDue(timers, target)) {
        time = Math.max(time, timers.get(id)?.due ?? 0);
        runDue(rounds);
        moves.call();
      }
      time = target;
    },
    get pending() {
      return timers.size;
    },
  };
}
