/** The generation of an entry that may be wrong. No reader accepts such an entry. */
const NOT_ENOUGH = -1;

/**
 * The objects of a kind that must be read again, and the subscribers that wait for this. `CacheSet.keepGraph` returns
 * the `projectionGeneration` of a graph. A graph with a higher generation may read more fields. A reader with the
 * generation 0 reads only the fields that every projection has.
 */
export class StaleObjects {
  /** For each stale object, the highest generation for which its entry suffices. */
  readonly #sufficientFor = new Map<string, number>();
  #waiting = new Set<string>();

  /** Marks these entries stale until they are read again. */
  invalidate(keys: Iterable<string>): void {
    for (const key of keys) this.#sufficientFor.set(key, NOT_ENOUGH);
  }

  /** Marks these entries as too small for readers of this and of every higher generation. */
  readMore(keys: Iterable<string>, projectionGeneration: number): void {
    for (const key of keys) if (!this.#sufficientFor.has(key)) this.#sufficientFor.set(key, projectionGeneration - 1);
  }

  /** Must the object be read again? */
  has(key: string): boolean {
    return this.#sufficientFor.has(key);
  }

  /** Is the entry correct for some generation, and only too small for the latest one? */
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

  /** Records that an object was read again or deleted. Returns true when it was the last stale object. */
  read(key: string): boolean {
    return this.#sufficientFor.delete(key) && this.#sufficientFor.size === 0;
  }

  /** Records a subscriber that waits until the kind's list is complete or has failed. */
  await(subscriber: string): void {
    this.#waiting.add(subscriber);
  }

  /** Returns the waiting subscribers and clears them. */
  drainWaiters(): ReadonlySet<string> {
    const waiting = this.#waiting;
    if (waiting.size > 0) this.#waiting = new Set();
    return waiting;
  }
}

/** The methods for code outside the cache. */
export type StaleObjectsView = Pick<StaleObjects, 'isStale' | 'hasStale' | 'await' | 'drainWaiters'>;
