import { backoffMs, RETRY_POLICIES } from '@typekro/kit/core';

/** The refusals of one owner's pods. */
interface Refusals {
  readonly count: number;
  readonly lastMs: number;
}

const POLICY = RETRY_POLICIES.rejectedPod;

/**
 * Computes the pauses between refusals of the same owner's pods. A controller replaces each refused pod immediately, so
 * without pauses the cluster would do nothing else. Owners are identified by their uids. Times are in milliseconds
 * since the epoch.
 */
export class RefusalPauses {
  /** The refusals, keyed by owner uid, oldest first. */
  readonly #refusals = new Map<string, Refusals>();

  /** The number of known owners. */
  get size(): number {
    return this.#refusals.size;
  }

  /** Returns the milliseconds until the next pod of the owner can be refused. 0 or less means now. */
  pauseOf(owner: string, nowMs: number): number {
    const refusals = this.#refusals.get(owner);
    if (refusals === undefined) return 0;
    return refusals.lastMs + backoffMs(POLICY, refusals.count, 0) - nowMs;
  }

  /**
   * Counts a refusal. Drops owners that had no refusal for twice the longest pause, because they are gone or their pods
   * run.
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

  /** Resets the pauses of an owner. */
  delete(owner: string): void {
    this.#refusals.delete(owner);
  }

  clear(): void {
    this.#refusals.clear();
  }
}
