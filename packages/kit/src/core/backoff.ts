/** The waits of a client between tries. */
export interface BackoffPolicy {
  /** The wait after the first failure, in milliseconds. */
  readonly initialMs: number;
  /** The longest wait, in milliseconds. */
  readonly maxMs: number;
  /** The factor from one wait to the next. Default 2. */
  readonly factor?: number;
  /** The random part of each wait, from 0 to 1. Default 0.5: clients that failed together do not return together. */
  readonly jitter?: number;
}

/** The largest exponent of the factor. Every practical policy reaches `maxMs` with a smaller exponent. */
const MAX_EXPONENT = 52;

/** The wait in milliseconds after this number of failures in a row (at least 1). `random` is in [0, 1). */
export function backoffMs(policy: BackoffPolicy, failures: number, random: number): number {
  const { initialMs, maxMs, factor = 2, jitter = 0.5 } = policy;
  const fullMs = Math.min(maxMs, initialMs * factor ** Math.min(failures - 1, MAX_EXPONENT));
  return Math.round(fullMs * (1 - jitter + jitter * random));
}
