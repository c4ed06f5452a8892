/** The shortest time between the starts of two reads of the same data, in milliseconds. */
export const MIN_RELOAD_MS = 250;

/** The longest pause before the next read of data whose last read failed, in milliseconds. */
export const MAX_RETRY_MS = 10_000;

/** The state of the reads of some data. */
export interface ReadState {
  /** The start of the last read; absent before the first one. */
  readonly startedAt?: number;
  /** How long the last finished read took. */
  readonly tookMs: number;
  /** Reads that failed since the last success. */
  readonly failures: number;
}

/**
 * The time of the next read after a change at `now`. Many changes cause one read: between the starts of two reads there
 * are at least `MIN_RELOAD_MS`, and at least four times the duration of the earlier read. If the data changes all the
 * time, the reads keep the server busy for at most a quarter of the time. After failures, the pauses grow up to
 * `MAX_RETRY_MS`.
 */
export function nextReadAt(state: ReadState, now: number): number {
  if (state.startedAt === undefined) return now;
  if (state.failures > 0) return now + Math.min(MAX_RETRY_MS, MIN_RELOAD_MS * 2 ** state.failures);
  return Math.max(now, state.startedAt + Math.max(MIN_RELOAD_MS, 4 * state.tookMs));
}
