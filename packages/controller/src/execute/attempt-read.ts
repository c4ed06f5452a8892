import { KubeError } from '@typekro/kube';
import { afterFailedRead } from './after-failure.ts';
import { apiFailure } from './api-failure.ts';
import type { ExecutionPorts, RememberedRead } from './ports.ts';

/** Failed reads by key. */
export interface ReadMemory {
  get(key: string): RememberedRead | undefined;
  /** Records the outcome of a read; `undefined` after a success. */
  set(key: string, failed: RememberedRead | undefined): void;
}

/** The dependencies of a read attempt. */
export type ReadPorts = Pick<ExecutionPorts, 'clock' | 'signal' | 'random' | 'user'>;

/**
 * Runs a read. When the request fails, records the failure with the pause before a retry; other work of the instance
 * continues, and the next decision reports the failure. Rejects when the signal aborts, and on any error other than a
 * failed request.
 */
export async function attemptRead<T>(
  { clock, signal, random, user }: ReadPorts,
  memory: ReadMemory,
  key: string,
  read: () => Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false }> {
  try {
    const value = await read();
    memory.set(key, undefined);
    return { ok: true, value };
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || signal.aborted) throw thrown;
    const { failures, waitMs } = afterFailedRead(thrown, memory.get(key)?.failures ?? 0, random());
    memory.set(key, { failures, failure: apiFailure(thrown, user), retryAt: clock.now() + waitMs });
    return { ok: false };
  }
}
