import { TypeKroError } from '../core/index.ts';
import { formatTime } from '../kubernetes/index.ts';

/** A started timer. A second call of `cancel` does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The time of a cluster. Objects, tokens, watches, faults and controllers follow this clock. A test can therefore stop
 * their time and move it. Most time limits of sockets, of calls to other servers and of local processes follow the
 * machine's clock.
 */
export interface ClusterClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `callback` once, after `milliseconds`. A timer does not keep the process alive. */
  setTimer(milliseconds: number, callback: () => void): Timer;
  /**
   * Adds a callback. A move of the clock calls the callback before the first timer, and again after the timers of each
   * time, before the clock goes on. A cluster does its due work in this callback. A move that waits for the work of its
   * cluster calls no callback. Returns a function that removes the callback. A clock that cannot be moved has no
   * `onMove`.
   */
  onMove?(callback: () => void): () => void;
}

/** The present time in the format of timestamps in objects. */
export const timestampOf = (clock: Pick<ClusterClock, 'now'>): string => formatTime(clock.now());

/** A clock that only `advance` moves. */
export interface ManualClock extends ClusterClock {
  /**
   * Moves the time forward from timer to timer, and runs the timers in the order of their times. The simulated
   * controllers of the clusters with this clock do their work at each of these times. Work that waits for a promise,
   * for example for a webhook, is done after the move.
   *
   * @throws TypeKroError `cluster/clock` when timers of one time start further timers for the same time more than
   *   10,000 times one after another. The clock then stays at that time.
   */
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

/** The callbacks of `onMove`. */
export class MoveCallbacks {
  readonly #callbacks = new Set<() => void>();

  add(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => void this.#callbacks.delete(callback);
  }

  /** Calls all callbacks. A callback reports its own errors. */
  call(): void {
    for (const callback of this.#callbacks) callback();
  }
}

/** The maximum number of times that timers of one time start further timers for the same time. */
const MAX_ROUNDS_AT_ONE_TIME = 10_000;

/** Ends a move of a clock whose timers start timers for the same time without end. */
export class Rounds {
  #time = Number.NaN;
  #count = 0;
  /** The timers of the present round have ids below this one. */
  #end = 0;

  /**
   * Notes that timer `id` runs while the clock is at `time`. `nextId` is the id of the next timer that is started.
   *
   * @throws TypeKroError `cluster/clock` when the timers of this time have had the maximum number of rounds. The
   *   message of the error names the time `shown`.
   */
  note(id: number, time: number, nextId: number, shown: number = time): void {
    if (time !== this.#time) [this.#time, this.#count, this.#end] = [time, 0, nextId];
    if (id < this.#end) return;
    this.#end = nextId;
    this.#count += 1;
    if (this.#count <= MAX_ROUNDS_AT_ONE_TIME) return;
    const times = `${MAX_ROUNDS_AT_ONE_TIME} times`;
    throw new TypeKroError(`the clock stays at ${formatTime(shown)}: its work was due again at once for ${times}`, {
      code: 'cluster/clock',
      remedy: 'make the timer or the controller wait at least 1 ms before it works again',
    });
  }
}

/** A clock for tests that starts at `start` (milliseconds since the epoch, default: now). */
export function createManualClock(start: number = Date.now()): ManualClock {
  let time = start;
  let sequence = 0;
  const timers = new Map<number, { due: number; callback: () => void }>();
  const moves = new MoveCallbacks();
  /** Runs the timers that are due, including those that callbacks start. */
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
