import type { Clock } from '@typekro/kube';

/**
 * The time for which the writer of a new child is remembered, in milliseconds. Within this time, every watch delivers
 * the child, so that later decisions know its owner.
 */
const REMEMBERED_MS = 30_000;

/**
 * Lets the instances of a process create or adopt one object one after the other. Each of them decides from a cache, in
 * which the write of another instance may still be missing, and an apply would take the object from that instance.
 */
export class TargetClaims {
  readonly #clock: Clock;
  /** The end of the last started write, by the key of the object. */
  readonly #running = new Map<string, Promise<void>>();
  /** The instances that wrote the objects last, oldest first. */
  readonly #writers = new Map<string, { readonly owner: string; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `write` as soon as no other instance writes the object.
   *
   * @param owner the UID of the instance
   * @param write its argument is true when another instance has written the object lately. Resolves with true when this
   *   instance has written the object
   */
  async run(key: string, owner: string, write: (isContested: boolean) => Promise<boolean>): Promise<void> {
    const before = this.#running.get(key);
    const start = async (): Promise<void> => {
      const writer = this.#writers.get(key);
      const isContested = writer !== undefined && writer.owner !== owner && writer.until > this.#clock.now();
      if (await write(isContested)) this.#remember(key, owner);
    };
    // A free object is written in the same turn, so that the requests are sent in the order of the decision.
    const own = before === undefined ? start() : before.then(start);
    const ended = own.then(noResult, noResult);
    this.#running.set(key, ended);
    try {
      await own;
    } finally {
      if (this.#running.get(key) === ended) this.#running.delete(key);
    }
  }

  #remember(key: string, owner: string): void {
    const now = this.#clock.now();
    this.#writers.delete(key);
    this.#writers.set(key, { owner, until: now + REMEMBERED_MS });
    for (const [oldest, { until }] of this.#writers) {
      if (until > now) break;
      this.#writers.delete(oldest);
    }
  }
}

const noResult = (): void => undefined;
