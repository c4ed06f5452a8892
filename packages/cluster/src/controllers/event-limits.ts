/** The limits of `record.EventCorrelator` in client-go: the Events about an object without a pause, and the pause. */
const [BURST, REFILL_MS, MAX_OBJECTS] = [25, 300_000, 4096];

/** Limits the Events about one object, so that an object with much to tell does not fill the store. */
export class EventLimits {
  /** The Events that are left, and the time of the last one, keyed by component and uid, the oldest first. */
  readonly #objects = new Map<string, { readonly left: number; readonly atMs: number }>();

  /** May a component record an Event about an object now? Counts it. */
  allows(component: string, uid: string, nowMs: number): boolean {
    const key = `${component} ${uid}`;
    const { left, atMs } = this.#objects.get(key) ?? { left: BURST, atMs: nowMs };
    const filled = Math.min(BURST, left + (nowMs - atMs) / REFILL_MS);
    this.#objects.delete(key);
    this.#objects.set(key, { left: filled >= 1 ? filled - 1 : filled, atMs: nowMs });
    const [oldest] = this.#objects.keys();
    if (this.#objects.size > MAX_OBJECTS && oldest !== undefined) this.#objects.delete(oldest);
    return filled >= 1;
  }
}
