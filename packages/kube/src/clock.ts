import { monotonicMs, startTimer } from '@typekro/kit/core';
import type { Clock } from './kube-api.ts';

/** A token bucket: `perSecond` requests on average, `burst` at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * The system clock. A pending timer keeps the process alive, so the caller must cancel a timer that it no longer needs.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => monotonicMs(),
  setTimer: (milliseconds, callback) => startTimer(milliseconds, callback, true),
};

/**
 * The present time for measuring durations, in milliseconds. A duration is the difference of two such times. The time
 * is monotonic, or the wall time if the clock has no monotonic time.
 */
export const elapsed = (clock: Pick<Clock, 'elapsed' | 'now'>): number => clock.elapsed?.() ?? clock.now();

/**
 * Waits for a number of milliseconds, or until the signal aborts. Resolves in both cases, so the caller must check the
 * signal.
 */
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

/** Makes a function that resolves when the next request may be sent, in the order of the calls. */
export function rateLimiter(limit: RateLimit, clock: Clock): (signal: AbortSignal | undefined) => Promise<void> {
  // The time at which the bucket is full again. Each request moves it by the time that one token takes to refill.
  let fullAt = Number.NEGATIVE_INFINITY;
  const tokenMs = 1000 / limit.perSecond;
  return async (signal) => {
    const now = elapsed(clock);
    fullAt = Math.max(fullAt, now) + tokenMs;
    const wait = fullAt - now - limit.burst * tokenMs;
    if (wait > 0) await pause(clock, wait, signal);
  };
}
