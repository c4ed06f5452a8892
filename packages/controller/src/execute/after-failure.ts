import type { KubeError } from '@typekro/kube';
import { backoffMs, MAX_SILENT_WAIT_MS, RETRY_POLICIES } from '@typekro/kit/core';
import { classify, isBusy, passes } from '@typekro/kit/kubernetes';
import type { WriteRules } from './ports.ts';

/** The consequence of a failed request. */
export interface Verdict {
  /** The number of failures in a row, including this one. */
  readonly failures: number;
  /** The pause before the next attempt, in milliseconds. Infinity: no retry. */
  readonly waitMs: number;
  /** Does the pass wait and decide again without a report? */
  readonly isSilent: boolean;
}

/**
 * The verdict on a failed write. `failures` is the number of failures in a row before this one. With `isFinal`, a
 * permanent failure (one for which `passes` is false) is not retried. The pauses are in `core/retry-policies.ts`.
 */
export function afterFailedWrite(
  error: KubeError,
  failures: number,
  rules: WriteRules,
  random: number,
  isFinal: boolean,
): Verdict {
  const count = failures + 1;
  const failure = classify(error);
  if (isFinal && !passes(failure)) return { failures: count, waitMs: Number.POSITIVE_INFINITY, isSilent: false };
  const waitMs = error.retryAfterMs ?? backoffMs(rules.backoff, count, random);
  const isSilent = isBusy(failure) && count <= rules.silentRetries && waitMs <= MAX_SILENT_WAIT_MS;
  return { failures: count, waitMs, isSilent };
}

/**
 * The verdict on a failed read. A failed read is always reported and always retried. `failures` is the number of
 * failures in a row before this one.
 */
export function afterFailedRead(error: KubeError, failures: number, random: number): Verdict {
  const count = failures + 1;
  return {
    failures: count,
    waitMs: error.retryAfterMs ?? backoffMs(RETRY_POLICIES.objectRead, count, random),
    isSilent: false,
  };
}
