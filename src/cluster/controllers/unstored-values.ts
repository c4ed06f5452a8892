/**
 * The values that a controller made for objects and that are not stored yet. A write that waits for a webhook runs
 * again, and must write the same value. The key is that of the object; `owner` names what the value was made for, such
 * as the uid of the object, so that an object with the same name gets its own value.
 */
export class UnstoredValues {
  readonly #values = new Map<string, { readonly owner: string; readonly value: string }>();

  /** The value of the object, which `make` makes for a new owner. */
  of(key: string, owner: string, make: () => string): string {
    const known = this.#values.get(key);
    if (known?.owner === owner) return known.value;
    const value = make();
    this.#values.set(key, { owner, value });
    return value;
  }

  /** Drops the value of an object that has it, or that is gone. */
  drop(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }
}
