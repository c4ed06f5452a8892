/** The minimum number of taken keys before the remaining keys move to the front. */
const MIN_MOVED_KEYS = 1024;

/**
 * Keys in the order in which they were added. On average, `take` needs the same time for any number of keys. A `Set`
 * would need more and more time, because each search for its first member passes over the slots of all deleted members.
 */
export class KeyFifo {
  #keys: string[];
  /** The index of the next key. The keys before it were already taken. */
  #head = 0;

  constructor(...keys: readonly string[]) {
    this.#keys = [...keys];
  }

  get size(): number {
    return this.#keys.length - this.#head;
  }

  /** Adds a key at the end. The key must not be in the queue already. */
  add(key: string): void {
    this.#keys.push(key);
  }

  /** Removes and returns the first key; `undefined` when there is none. */
  take(): string | undefined {
    const key = this.#keys[this.#head];
    if (key === undefined) return undefined;
    this.#head += 1;
    if (this.#head > MIN_MOVED_KEYS && this.#head * 2 > this.#keys.length) {
      this.#keys = this.#keys.slice(this.#head);
      this.#head = 0;
    }
    return key;
  }
}
