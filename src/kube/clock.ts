import type { Clock } from './types.ts';

/** The clock of the machine. A pending timer keeps the process alive; whoever sets one takes it back. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Waits so long, or until the signal aborts; either way it resolves, and the caller looks at the signal. */
export function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.setTimer(milliseconds, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
