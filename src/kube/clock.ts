import { monotonicMs } from '../core/index.ts';
import type { Clock } from './types.ts';

/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. A pending timer keeps the process alive; whoever sets one takes it back. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => monotonicMs(),
  setTimer(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, MAX_TIMER_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A time in milliseconds that never jumps, for durations; that of the day where the clock has no other. */
export const elapsed = (clock: Clock): number => clock.elapsed?.() ?? clock.now();

/** Waits so long, or until the signal aborts; either way it resolves, and the caller looks at the signal. */
export function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(milliseconds, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
