/** The generation of an entry that may be wrong: too low for every reader. */
const NOT_ENOUGH = -1;

/**
 * The objects of a kind that have to be read again, and the subscribers that wait for that. `projectionGeneration` is
 * the number that `CacheSet.keepGraph` returned, 0 for the fields kept of every object.
 */
export class StaleObjects {
  /** The highest generation for which the entry of an object is enough. */
  readonly #sufficientFor = new Map<string, number>();
  #waiting = new Set<string>();

  /** Marks these entries stale until they are read again. */
  invalidate(keys: Iterable<string>): void {
    for (const key of keys) this.#sufficientFor.set(key, NOT_ENOUGH);
  }

  /** Marks these entries as too small for readers of this generation. */
  readMore(keys: Iterable<string>, projectionGeneration: number): void {
    for (const key of keys) if (!this.#sufficientFor.has(key)) this.#sufficientFor.set(key, projectionGeneration - 1);
  }

  /** Does this object have to be read again? */
  has(key: string): boolean {
    return this.#sufficientFor.has(key);
  }

  /** Is the entry correct, and only too small? */
  isProjectionUpgrade(key: string): boolean {
    return (this.#sufficientFor.get(key) ?? NOT_ENOUGH) > NOT_ENOUGH;
  }

  /** Is the entry of this object too small for this generation? */
  isStale(key: string, projectionGeneration: number): boolean {
    const enough = this.#sufficientFor.get(key);
    return enough !== undefined && enough < projectionGeneration;
  }

  /** Is any entry too small for this generation? */
  hasStale(projectionGeneration: number): boolean {
    for (const enough of this.#sufficientFor.values()) if (enough < projectionGeneration) return true;
    return false;
  }

  /** Notes that an object was read again, or is gone. True when it was the last stale one. */
  read(key: string): boolean {
    return this.#sufficientFor.delete(key) && this.#sufficientFor.size === 0;
  }

  /** Notes a subscriber that waits for the list. */
  await(subscriber: string): void {
    this.#waiting.add(subscriber);
  }

  /** Returns the waiting subscribers, and forgets them. */
  drainWaiters(): ReadonlySet<string> {
    const waiting = this.#waiting;
    if (waiting.size > 0) this.#waiting = new Set();
    return waiting;
  }
}

/** What other classes than the cache may use. */
export type StaleObjectsView = Pick<StaleObjects, 'isStale' | 'hasStale' | 'await' | 'drainWaiters'>;
