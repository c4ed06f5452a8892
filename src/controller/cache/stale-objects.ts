/** What is held of an object may be wrong: too little for anybody. */
const NOT_ENOUGH = -1;

/**
 * Objects of a kind that are to be read again, and who waits for that. A need is a number that grows with what is kept of
 * the kind: that which `CacheSet.keepGraph` gave, 0 for what is kept of every object.
 */
export class StaleObjects {
  /** Up to which need what is held of an object is enough. */
  readonly #enough = new Map<string, number>();
  #waiting = new Set<string>();

  /** What is held of these counts for nothing until it was read again. */
  invalidate(keys: Iterable<string>): void {
    for (const key of keys) this.#enough.set(key, NOT_ENOUGH);
  }

  /** From this need on more is read of these than is held. */
  readMore(keys: Iterable<string>, need: number): void {
    for (const key of keys) if (!this.#enough.has(key)) this.#enough.set(key, need - 1);
  }

  /** Is this object to be read again? */
  has(key: string): boolean {
    return this.#enough.has(key);
  }

  /** Is it the same object as before, of which only more is needed? */
  isProjectionUpgrade(key: string): boolean {
    return (this.#enough.get(key) ?? NOT_ENOUGH) > NOT_ENOUGH;
  }

  /** Is more needed of this object than is held? */
  isStale(key: string, need: number): boolean {
    const enough = this.#enough.get(key);
    return enough !== undefined && enough < need;
  }

  /** Is there an object of which more is needed? */
  hasStale(need: number): boolean {
    for (const enough of this.#enough.values()) if (enough < need) return true;
    return false;
  }

  /** It was read again, or is gone. True when it was the last one. */
  read(key: string): boolean {
    return this.#enough.delete(key) && this.#enough.size === 0;
  }

  /** Notes who waits for what is being read. */
  await(subscriber: string): void {
    this.#waiting.add(subscriber);
  }

  /** Who waited; they wait no longer. */
  drainWaiters(): ReadonlySet<string> {
    const waiting = this.#waiting;
    if (waiting.size > 0) this.#waiting = new Set();
    return waiting;
  }
}

/** What others than its cache may do with it. */
export type StaleObjectsView = Pick<StaleObjects, 'isStale' | 'hasStale' | 'await' | 'drainWaiters'>;
