/**
 * Milliseconds of a clock that never jumps, for durations. `performance.now()` is also such a clock, but the first
 * access to `performance` loads nine modules of Node, which take a megabyte.
 */
export function monotonicMs(): number {
  const time = process.hrtime();
  return time[0] * 1e3 + time[1] / 1e6;
}

/** The longest delay of a timer of Node, in milliseconds: 24.8 days. A timer with a longer delay fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls back after a delay, which may be longer than Node's longest timer.
 *
 * @param keepsAlive does the pending timer keep the process alive?
 */
export function startTimer(milliseconds: number, callback: () => void, keepsAlive: boolean): { cancel(): void } {
  let timer: NodeJS.Timeout;
  const start = (left: number): void => {
    const next = left > MAX_TIMER_MS ? () => start(left - MAX_TIMER_MS) : callback;
    timer = setTimeout(next, Math.min(left, MAX_TIMER_MS));
    if (!keepsAlive) timer.unref();
  };
  start(milliseconds);
  return { cancel: () => clearTimeout(timer) };
}

/**
 * The smallest of several times or waits. Undefined entries are ignored. If all entries are undefined, the result is
 * undefined.
 */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/**
 * Formats a time in milliseconds since 1970 as `2026-08-01T12:00:00.000Z`.
 *
 * The result equals that of `toISOString`. In Node 20, `toISOString` looks up the local time zone, which loads a
 * megabyte of calendars. This function therefore formats the years 0 to 9999 itself.
 *
 * @throws RangeError for a time outside the range of `Date`.
 */
export function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return date.toISOString();
  const day = `${digits(year, 4)}-${digits(date.getUTCMonth() + 1, 2)}-${digits(date.getUTCDate(), 2)}`;
  const minute = `${digits(date.getUTCHours(), 2)}:${digits(date.getUTCMinutes(), 2)}`;
  return `${day}T${minute}:${digits(date.getUTCSeconds(), 2)}.${digits(date.getUTCMilliseconds(), 3)}Z`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}

/** The waits of a client between tries. */
export interface BackoffPolicy {
  /** The wait after the first failure, in milliseconds. */
  readonly initialMs: number;
  /** The longest wait, in milliseconds. */
  readonly maxMs: number;
  /** The factor from one wait to the next. Default 2. */
  readonly factor?: number;
  /** The random part of each wait, from 0 to 1. Default 0.5: clients that failed together do not return together. */
  readonly jitter?: number;
}

/** The largest exponent of the factor. Every practical policy reaches `maxMs` with a smaller exponent. */
const MAX_EXPONENT = 52;

/** The wait in milliseconds after this number of failures in a row (at least 1). `random` is in [0, 1). */
export function backoffMs(policy: BackoffPolicy, failures: number, random: number): number {
  const { initialMs, maxMs, factor = 2, jitter = 0.5 } = policy;
  const fullMs = Math.min(maxMs, initialMs * factor ** Math.min(failures - 1, MAX_EXPONENT));
  return Math.round(fullMs * (1 - jitter + jitter * random));
}

/** Resolves when the signal is aborted, and at once if the signal is already aborted. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
