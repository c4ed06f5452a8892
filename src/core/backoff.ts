/** How the waits between tries grow. */
export interface BackoffPolicy {
  /** The wait after the first failure, in milliseconds. */
  readonly initialMs: number;
  /** No wait is longer, in milliseconds. */
  readonly maxMs: number;
  /** By what a wait is longer than the one before. Default 2. */
  readonly factor?: number;
  /** The random share of each wait, from 0 to 1. Default 0.5: clients that failed together do not come back together. */
  readonly jitter?: number;
}

/** Growth ends here: larger powers of the factor exceed the range of exact numbers. */
const MAX_DOUBLINGS = 52;

/** The wait in milliseconds after so many failures in a row (at least 1). `random` is in [0, 1). */
export function backoffMs(policy: BackoffPolicy, failures: number, random: number): number {
  const { initialMs, maxMs, factor = 2, jitter = 0.5 } = policy;
  const fullMs = Math.min(maxMs, initialMs * factor ** Math.min(failures - 1, MAX_DOUBLINGS));
  return Math.round(fullMs * (1 - jitter + jitter * random));
}
