import { seededRandom } from '@typekro/kit/core';
import { fnv32a } from '@typekro/kit/golang';
import type { Clock } from '@typekro/kube';

interface SimTimer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that only `jump` and `skip` move. The cluster, clients and controllers share one clock. */
export class SimClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #order = 0;
  readonly #timers = new Set<SimTimer>();

  now(): number {
    return this.#now;
  }

  setTimer(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.#now + Math.max(0, milliseconds), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** The number of pending timers. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The time of the next timer; `undefined` if there are no timers. */
  get nextDue(): number | undefined {
    return this.#next()?.due;
  }

  /** Moves the time to the next timer and runs this timer. Has no effect if there are no timers. */
  jump(): void {
    const next = this.#next();
    if (next === undefined) return;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.due);
    next.callback();
  }

  /** Moves the time without running timers. */
  skip(milliseconds: number): void {
    this.#now += milliseconds;
  }

  #next(): SimTimer | undefined {
    let found: SimTimer | undefined;
    for (const timer of this.#timers) {
      if (found === undefined || timer.due < found.due || (timer.due === found.due && timer.order < found.order)) {
        found = timer;
      }
    }
    return found;
  }
}

/** The clock of one process. It may deviate from a base clock, like the clock of a machine with a wrong time. */
export class SkewedClock implements Clock {
  readonly #clock: Clock;
  readonly #timers = new Set<object>();
  /** The deviation in milliseconds. It may change, like a clock that a time server corrects. */
  ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of pending timers. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#clock.now() + this.ahead;
  }

  elapsed(): number {
    return this.#clock.now();
  }

  setTimer(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = this.#clock.setTimer(milliseconds, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }
}

/** Returns a generator of random numbers for a seed. The generators of adjacent seeds are unrelated. */
export const storyRandom = (seed: number): (() => number) => seededRandom(Math.imul(seed, 0x9e3779b9) >>> 0);

/**
 * The `count`-th random number of one source of randomness. The sources are independent, so that removing a fault from
 * a run does not change the other faults.
 */
export function noise(seed: number, source: string, count: number): number {
  const start = Math.imul(seed ^ 0x2545f491, 0x9e3779b1) ^ Math.imul(count + 1, 0x85ebca6b);
  let mixed = fnv32a(source, start);
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000;
}
