import { monotonicMs } from '@typekro/kit/core';

/** The maximum time of work before responses, watches and probes get a turn, in milliseconds. */
const MAX_TURN_MS = 50;

/** The clock and the timer of a yielder. */
export interface EventLoopYielderOptions {
  /** Returns a monotonic time in milliseconds. */
  readonly now: () => number;
  /** Returns a promise that settles in the next turn of the event loop. */
  readonly turn: () => Promise<void>;
}

/**
 * Yields to the event loop between expensive passes. Without these breaks, dozens of passes that each spend a whole
 * budget on an expression would run in one turn. A caller checks `due` directly before its work, without an `await` in
 * between. It checks again after each break, because another caller may have worked in the meantime.
 */
export class EventLoopYielder {
  readonly #options: EventLoopYielderOptions;
  /** The time of the last break. */
  #since: number;
  /** The running break. All waiting callers share it. */
  #breaking: Promise<void> | undefined;

  constructor(options: EventLoopYielderOptions = { now: monotonicMs, turn: () => new Promise(setImmediate) }) {
    this.#options = options;
    this.#since = options.now();
  }

  /** Is a break due? */
  get due(): boolean {
    return this.#options.now() - this.#since >= MAX_TURN_MS;
  }

  /** Settles after a turn of the event loop. */
  break(): Promise<void> {
    this.#breaking ??= this.#turn();
    return this.#breaking;
  }

  async #turn(): Promise<void> {
    await this.#options.turn();
    this.#since = this.#options.now();
    this.#breaking = undefined;
  }
}
