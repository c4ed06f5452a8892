/** A map of limited size. When the map is full, a new entry replaces the least recently used entry. */
export class RecentMap<K, V> {
  readonly #limit: number;
  /** The entries in the order of their last use. */
  readonly #entries = new Map<K, V>();

  /** `limit`: the maximum number of entries. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the value of a key. The key then counts as used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Deletes the entries for whose values `hasProperty` returns true. */
  deleteWhere(hasProperty: (value: V) => boolean): void {
    for (const [key, value] of this.#entries) if (hasProperty(value)) this.#entries.delete(key);
  }
}
