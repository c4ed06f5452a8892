import { monotonicMs } from '../../core/index.ts';

/** After so long, in milliseconds, other things get their turn: answers, watches, and probes of whether we live. */
const MAX_TURN_MS = 50;

/** What a pacer measures and waits with. */
export interface EventLoopYielderOptions {
  /** Milliseconds that never jump. */
  readonly now: () => number;
  /** Settles in the next turn of the event loop. */
  readonly turn: () => Promise<void>;
}

/**
 * Lets the event loop go round between pieces of work that cost much: dozens of passes, each of which spends its whole
 * budget on an expression, would else follow each other without a break. Who works asks right before, without an
 * `await` in between, and again after each break: another one may have worked for long since.
 */
export class EventLoopYielder {
  readonly #options: EventLoopYielderOptions;
  /** Since when there was no break. */
  #since: number;
  /** The break that is due, for all who wait. */
  #breaking: Promise<void> | undefined;

  constructor(options: EventLoopYielderOptions = { now: monotonicMs, turn: () => new Promise(setImmediate) }) {
    this.#options = options;
    this.#since = options.now();
  }

  /** Was there no break for long? */
  get due(): boolean {
    return this.#options.now() - this.#since >= MAX_TURN_MS;
  }

  /** Settles when others had their turn. */
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
