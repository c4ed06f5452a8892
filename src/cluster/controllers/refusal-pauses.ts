import { backoffMs, RETRY_POLICIES } from '../../core/index.ts';

/** The refused pods of one owner. */
interface Refusals {
  readonly count: number;
  readonly lastMs: number;
}

const POLICY = RETRY_POLICIES.rejectedPod;

/**
 * The pauses between the refusals of the pods of one owner. A controller replaces each refused pod at once, so without
 * pauses the cluster would do nothing else. Owners are named by their uids, times are milliseconds since the epoch.
 */
export class RefusalPauses {
  /** The refusals by the uids of the owners, the oldest first. */
  readonly #refusals = new Map<string, Refusals>();

  /** The number of known owners. */
  get size(): number {
    return this.#refusals.size;
  }

  /** The milliseconds until the next pod of the owner may be refused; 0 or less: now. */
  pauseOf(owner: string, nowMs: number): number {
    const refusals = this.#refusals.get(owner);
    if (refusals === undefined) return 0;
    return refusals.lastMs + backoffMs(POLICY, refusals.count, 0) - nowMs;
  }

  /**
   * Counts a refusal. Forgets the owners without a refusal for twice the longest pause: the owners are gone, or their
   * pods run.
   */
  add(owner: string, nowMs: number): void {
    const count = (this.#refusals.get(owner)?.count ?? 0) + 1;
    this.#refusals.delete(owner);
    this.#refusals.set(owner, { count, lastMs: nowMs });
    for (const [other, { lastMs }] of this.#refusals) {
      if (nowMs - lastMs <= 2 * POLICY.maxMs) return;
      this.#refusals.delete(other);
    }
  }

  /** Ends the pauses of an owner. */
  delete(owner: string): void {
    this.#refusals.delete(owner);
  }

  clear(): void {
    this.#refusals.clear();
  }
}
