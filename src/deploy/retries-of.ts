import type { RetryPolicy } from '../compose/index.ts';
import { REQUEST_RETRIES, RETRY_POLICIES } from '../core/index.ts';
import type { WriteRules } from '../execute/index.ts';
import type { BackoffPolicy } from '../kube/index.ts';

const { initialMs, maxMs } = RETRY_POLICIES.request;

/** The retries of requests that a factory's `retryPolicy` asks for; what it leaves open is as in every other client. */
export function retriesOf(policy: RetryPolicy = {}): { readonly retries: number; readonly backoff: BackoffPolicy } {
  const { maxRetries = REQUEST_RETRIES, initialDelay = initialMs, maxDelay = maxMs, backoffMultiplier = 2 } = policy;
  return { retries: maxRetries, backoff: { initialMs: initialDelay, maxMs: maxDelay, factor: backoffMultiplier } };
}

/**
 * The retries of the writes of a deploy, which have no end but the time limit: the same pauses, none shorter than the
 * first one of every other client. A failure that does not pass by itself ends the deploy.
 */
export function writeRulesOf(policy?: RetryPolicy): WriteRules {
  const { retries, backoff } = retriesOf(policy);
  const atLeast = (least: number, value: number) => (value >= least ? value : least);
  return {
    backoff: {
      initialMs: atLeast(initialMs, backoff.initialMs),
      maxMs: atLeast(initialMs, backoff.maxMs),
      factor: atLeast(1, backoff.factor ?? 2),
    },
    silentRetries: retries,
    lasting: 'final',
  };
}
