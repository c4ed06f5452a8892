import { backoffMs, RETRY_POLICIES } from '@typekro/kit/core';
import { isTimeout, pause, systemClock, withDeadline } from '@typekro/kube';

/**
 * Calls `read` repeatedly until it returns a value. Polling is needed because `read` reads the state of another
 * process, which sends no events. Returns `undefined` after the time limit. Rejects with the signal's reason when the
 * signal aborts.
 */
export function poll<Result>(
  limitMs: number,
  signal: AbortSignal,
  read: () => Result | undefined,
): Promise<Result | undefined> {
  return withDeadline(limitMs, [signal], systemClock, async (until) => {
    for (let tries = 1; ; tries += 1) {
      const found = read();
      if (found !== undefined || isTimeout(until)) return found;
      until.throwIfAborted();
      await pause(systemClock, backoffMs(RETRY_POLICIES.clusterProcess, tries, 0), until);
    }
  });
}
