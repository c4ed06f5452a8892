/**
 * The calls of mutating webhooks or policies in the first of two rounds. The second round calls a webhook or policy
 * again if its `reinvocationPolicy` is `IfNeeded` and another webhook or policy changed the object after its call.
 */
export class Invocations {
  readonly #earlier = new Set<string>();
  readonly #again = new Set<string>();

  /**
   * Records a call. `isChanged` is true when the call changed the object. `isRepeatable` is true when the webhook or
   * policy can be called again after later changes.
   */
  add(key: string, isChanged: boolean, isRepeatable: boolean): void {
    if (isChanged) {
      for (const earlier of this.#earlier) this.#again.add(earlier);
      this.#earlier.clear();
    }
    if (isRepeatable) this.#earlier.add(key);
  }

  /**
   * Returns the keys of the webhooks or policies that the second round calls. `isChangedSince` is true when the object
   * has changed since the last call of the first round.
   */
  repeated(isChangedSince: boolean): ReadonlySet<string> {
    return isChangedSince ? new Set([...this.#again, ...this.#earlier]) : this.#again;
  }
}
