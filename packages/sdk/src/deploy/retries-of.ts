import type { RetryPolicy } from '../compose/index.ts';
import { REQUEST_RETRIES, RETRY_POLICIES } from '@typekro/kit/core';
import type { WriteRules } from '@typekro/controller/execute';
import type { BackoffPolicy } from '@typekro/kube';

const { initialMs, maxMs } = RETRY_POLICIES.request;

/**
 * Converts a factory's `retryPolicy` to the client's request retries. Members that the policy does not set have the
 * client's defaults.
 */
export function retriesOf(policy: RetryPolicy = {}): { readonly retries: number; readonly backoff: BackoffPolicy } {
  const { maxRetries = REQUEST_RETRIES, initialDelay = initialMs, maxDelay = maxMs, backoffMultiplier = 2 } = policy;
  return { retries: maxRetries, backoff: { initialMs: initialDelay, maxMs: maxDelay, factor: backoffMultiplier } };
}

/**
 * The rules for retries of failed writes in a deploy. The pauses are those of the policy, but not shorter than the
 * client's default first pause. A transient failure is retried until the time limit of the deploy. Any other failure of
 * an apply ends the deploy.
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
