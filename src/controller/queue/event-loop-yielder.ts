import { monotonicMs } from '../../core/index.ts';

/** Longest stretch of work, in milliseconds, before answers, watches and probes get a turn. */
const MAX_TURN_MS = 50;

/** The clock and the timer of a yielder. */
export interface EventLoopYielderOptions {
  /** Milliseconds that never jump. */
  readonly now: () => number;
  /** Settles in the next turn of the event loop. */
  readonly turn: () => Promise<void>;
}

/**
 * Yields to the event loop between expensive passes: dozens of passes, each spending its whole budget on an expression,
 * would else run without a break. A caller checks `due` right before its work, without an `await` in between, and again
 * after each break, since another caller may have worked meanwhile.
 */
export class EventLoopYielder {
  readonly #options: EventLoopYielderOptions;
  /** The time of the last break. */
  #since: number;
  /** The running break, shared by all waiting callers. */
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
