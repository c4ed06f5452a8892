/** How waiting times grow from `firstMs` up to `mostMs`: by `factor` each time, 2 unless given. */
export interface BackoffPolicy {
  readonly firstMs: number;
  readonly mostMs: number;
  readonly factor?: number;
}

/**
 * The wait before try `failures + 1`, half of it fixed and half random, so that many clients that failed
 * together do not come back together. `random` is in [0, 1).
 */
export function backoffMs(policy: BackoffPolicy, failures: number, random: number): number {
  const full = Math.min(policy.mostMs, policy.firstMs * (policy.factor ?? 2) ** Math.min(failures - 1, 52));
  return Math.round(full / 2 + (full / 2) * random);
}
