import type { JsonObject } from '@typekro/kit/core';
import { numberAt } from '@typekro/kit/kubernetes';

/** The times and counts of a probe. */
export interface ProbePlan {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Reads the times and counts of a probe, with the defaults of Kubernetes. */
export function probePlan(probe: JsonObject): ProbePlan {
  const seconds = (field: string, fallback: number) => Math.max(0, numberAt(probe, field) ?? fallback) * 1000;
  const count = (field: string, fallback: number) => Math.max(1, numberAt(probe, field) ?? fallback);
  return {
    initialDelayMs: seconds('initialDelaySeconds', 0),
    periodMs: Math.max(1000, seconds('periodSeconds', 10)),
    timeoutMs: Math.max(1000, seconds('timeoutSeconds', 1)),
    successThreshold: count('successThreshold', 1),
    failureThreshold: count('failureThreshold', 3),
  };
}

/** The verdict of a probe, and the number of consecutive equal results. */
export interface ProbeCount {
  readonly verdict: 'unknown' | 'success' | 'failure';
  readonly last: boolean | undefined;
  readonly inRow: number;
}

export const NO_RESULTS: ProbeCount = { verdict: 'unknown', last: undefined, inRow: 0 };

/**
 * The count after another result. The verdict changes after `failureThreshold` or `successThreshold` consecutive equal
 * results.
 */
export function countResult(count: ProbeCount, succeeded: boolean, plan: ProbePlan): ProbeCount {
  const inRow = count.last === succeeded ? count.inRow + 1 : 1;
  const threshold = succeeded ? plan.successThreshold : plan.failureThreshold;
  const verdict = inRow < threshold ? count.verdict : succeeded ? 'success' : 'failure';
  return { verdict, last: succeeded, inRow };
}
