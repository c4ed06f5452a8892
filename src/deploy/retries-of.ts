import type { RetryPolicy } from '../compose/index.ts';
import { REQUEST_RETRIES, RETRY_POLICIES } from '../core/index.ts';
import type { BackoffPolicy } from '../kube/index.ts';

/** The retries that a factory's `retryPolicy` asks for; what it leaves open is as in every other client. */
export function retriesOf(policy: RetryPolicy = {}): { readonly retries: number; readonly backoff: BackoffPolicy } {
  const { initialMs, maxMs } = RETRY_POLICIES.request;
  const { maxRetries = REQUEST_RETRIES, initialDelay = initialMs, maxDelay = maxMs, backoffMultiplier = 2 } = policy;
  return { retries: maxRetries, backoff: { initialMs: initialDelay, maxMs: maxDelay, factor: backoffMultiplier } };
}
