import type { Clock } from '../../kube/index.ts';

/** The minimum time before the compaction of an object; the maximum is twice as long. */
const LEFT_FOR_MS = 1000;
/** The number of objects that one turn compacts. A turn takes some milliseconds. */
const MAX_PER_TURN = 64;

/**
 * Compacts objects some time after they arrived, a few at a time. Readers need an arriving object at once, but its
 * compaction can wait. An object that changes again meanwhile is compacted once.
 */
export class DeferredCompactor {
  readonly #clock: Clock;
  readonly #compact: (key: string) => void;
  /** Keys that arrived since the last run, and keys that are due. */
  #fresh = new Set<string>();
  #due = new Set<string>();
  #timer: { cancel(): void } | undefined;

  constructor(clock: Clock, compact: (key: string) => void) {
    this.#clock = clock;
    this.#compact = compact;
  }

  /** Notes that an object arrived or changed. */
  add(key: string): void {
    this.#due.delete(key);
    this.#fresh.add(key);
    this.#timer ??= this.#clock.setTimer(LEFT_FOR_MS, () => this.#look());
  }

  /** Ends all compaction. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#fresh.clear();
    this.#due.clear();
  }

  #look(): void {
    let left = MAX_PER_TURN;
    for (const key of this.#due) {
      if (left === 0) break;
      left -= 1;
      this.#due.delete(key);
      this.#compact(key);
    }
    const isDone = this.#due.size === 0;
    if (isDone) [this.#due, this.#fresh] = [this.#fresh, this.#due];
    const wait = isDone ? LEFT_FOR_MS : 0;
    this.#timer = this.#due.size === 0 ? undefined : this.#clock.setTimer(wait, () => this.#look());
  }
}
