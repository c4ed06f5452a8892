/**
 * Values that a controller has generated for objects but not stored yet. A write that waits for a webhook runs again,
 * and must then write the same value. `key` is the object's key. `owner` is the identity for which the value was
 * generated, such as the object's uid, so that a new object with the same name gets a new value.
 */
export class UnstoredValues {
  readonly #values = new Map<string, { readonly owner: string; readonly value: string }>();

  /** Returns the value of the object. Calls `make` when the key has no value for this owner yet. */
  of(key: string, owner: string, make: () => string): string {
    const known = this.#values.get(key);
    if (known?.owner === owner) return known.value;
    const value = make();
    this.#values.set(key, { owner, value });
    return value;
  }

  /** Drops the value after it is stored in the object, or when the object is gone. */
  drop(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }
}
