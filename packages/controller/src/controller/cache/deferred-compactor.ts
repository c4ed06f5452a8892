import type { Clock } from '@typekro/kube';

/** The minimum time from the last change of an object to its compaction. The maximum is about twice as long. */
const MIN_UNCHANGED_MS = 1000;
/** The maximum number of objects that one turn compacts. A turn takes a few milliseconds. */
const MAX_PER_TURN = 64;

/**
 * Compacts objects some time after they arrived, a few at a time. Readers need a new object at once, but its compaction
 * can wait. An object that changes again before its compaction is compacted once. Any user may write an object that is
 * nested too deeply for the call stack. Such an object is not compacted.
 */
export class DeferredCompactor {
  readonly #clock: Clock;
  readonly #compact: (key: string) => void;
  /** The keys that arrived since `#due` was filled. */
  #fresh = new Set<string>();
  /** The keys to compact in the next turns. */
  #due = new Set<string>();
  /**
   * The next keys of `#due`. The iterator is kept between turns. A new one would first walk past the slots of all
   * deleted members, which takes long in a large set.
   */
  #next: IterableIterator<string> = this.#due.values();
  #timer: { cancel(): void } | undefined;

  constructor(clock: Clock, compact: (key: string) => void) {
    this.#clock = clock;
    this.#compact = compact;
  }

  /** Records that an object arrived or changed. */
  add(key: string): void {
    this.#due.delete(key);
    this.#fresh.add(key);
    this.#timer ??= this.#clock.setTimer(MIN_UNCHANGED_MS, () => this.#compactDue());
  }

  /** Stops all compaction and drops the keys. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#fresh.clear();
    this.#due.clear();
  }

  #compactDue(): void {
    for (let left = MAX_PER_TURN; left > 0; left -= 1) {
      const { value: key, done } = this.#next.next();
      if (done === true) break;
      this.#due.delete(key);
      this.#compactOne(key);
    }
    const isDone = this.#due.size === 0;
    if (isDone) {
      [this.#due, this.#fresh] = [this.#fresh, this.#due];
      this.#next = this.#due.values();
    }
    const wait = isDone ? MIN_UNCHANGED_MS : 0;
    this.#timer = this.#due.size === 0 ? undefined : this.#clock.setTimer(wait, () => this.#compactDue());
  }

  #compactOne(key: string): void {
    try {
      this.#compact(key);
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
    }
  }
}
