/** A table that forgets what was put in longest ago when there is too much of it. */
export class Recent<Value> {
  readonly #most: number;
  readonly #values = new Map<string, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  set(key: string, value: Value): void {
    // Put in anew, it is the latest.
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#most) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** Gives the value and forgets it. */
  take(key: string): Value | undefined {
    const value = this.#values.get(key);
    this.#values.delete(key);
    return value;
  }

  clear(): void {
    this.#values.clear();
  }
}
