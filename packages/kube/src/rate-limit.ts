import { elapsed, pause } from './clock.ts';
import type { Clock } from './types.ts';

/** A token bucket: `perSecond` requests on average, `burst` at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
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
