/**
 * The calls of webhooks or policies in the first of two rounds. The second round calls those that ask for it and have
 * not seen a later change.
 */
export class Invocations {
  readonly #earlier = new Set<string>();
  readonly #again = new Set<string>();

  /** Notes a call. `isRepeatable`: does the webhook or policy ask to be called again after later changes? */
  add(key: string, isChanged: boolean, isRepeatable: boolean): void {
    if (isChanged) {
      for (const earlier of this.#earlier) this.#again.add(earlier);
      this.#earlier.clear();
    }
    if (isRepeatable) this.#earlier.add(key);
  }

  /** The keys of the second round. `isChangedSince`: has the object changed since the last call of the first round? */
  repeated(isChangedSince: boolean): ReadonlySet<string> {
    return isChangedSince ? new Set([...this.#again, ...this.#earlier]) : this.#again;
  }
}
