import { type ReadonlySignal, signal } from '@preact/signals';
import type { InspectEvent } from '@typekro/controller/inspect';
import { ApiError } from './api-client.ts';
import { type ReadState, nextReadAt } from './reload-schedule.ts';

/**
 * Data of the server for a view. The value of the last successful read stays while the data is read again, and when a
 * read fails.
 */
export interface Remote<Value> {
  readonly value?: Value;
  /** The error of the last read. Absent after a successful read. */
  readonly error?: ApiError;
  /** The time at which `value` was read, in milliseconds since 1970. */
  readonly readAt?: number;
  /**
   * The time at which the running read began, in milliseconds since 1970. Absent until the read has taken longer than
   * `SLOW_READ_MS`.
   */
  readonly slowSince?: number;
}

/** The duration of a read, in milliseconds, after which the page shows that the read is still running. */
const SLOW_READ_MS = 5000;

/** Data that is read again after changes, until it is closed. */
export interface LiveRead<Value> {
  readonly state: ReadonlySignal<Remote<Value>>;
  /** Reads again soon, also during the pause after a failure; several calls cause one read. */
  readonly refresh: () => void;
  /** Must be called with each change that the server reports. A change that concerns the data causes a read. */
  readonly notice: (changes: readonly InspectEvent[]) => void;
  readonly close: () => void;
}

/** The clock and timers of a `LiveRead`. */
export interface ReadTimers {
  readonly now: () => number;
  /** Calls back after a pause. Returns the function that cancels the call. */
  later(call: () => void, ms: number): () => void;
}

/** The clock and timers of the browser. */
export const browserTimers: ReadTimers = {
  now: () => Date.now(),
  later(call, ms) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * The time after which data that did not change is read again, in milliseconds. After a read, the server watches the
 * objects of the instance for longer than this time, so repeated reads keep these watches open. A repeated read also
 * shows what no watch reports, such as new events.
 */
export const REPEAT_MS = 60_000;

/**
 * Reads data now, after every change that `concerns` it, and `repeatMs` after the last read. At most one read runs at a
 * time. A response that arrives after `close` is dropped.
 */
export function createLiveRead<Value>(
  read: (signal: AbortSignal) => Promise<Value>,
  concerns: (change: InspectEvent) => boolean,
  { repeatMs, timers = browserTimers }: { readonly repeatMs?: number; readonly timers?: ReadTimers } = {},
): LiveRead<Value> {
  const state = signal<Remote<Value>>({});
  const end = new AbortController();
  let reads: ReadState = { tookMs: 0, failures: 0 };
  let cancelTimer: (() => void) | undefined;
  let cancelRepeat: (() => void) | undefined;
  let running = false;
  let again = false;

  const run = async (): Promise<void> => {
    cancelTimer = undefined;
    cancelRepeat?.();
    running = true;
    again = false;
    const startedAt = timers.now();
    const cancelSlow = timers.later(() => (state.value = { ...state.value, slowSince: startedAt }), SLOW_READ_MS);
    end.signal.addEventListener('abort', cancelSlow);
    try {
      const value = await read(end.signal);
      if (end.signal.aborted) return;
      reads = { startedAt, tookMs: timers.now() - startedAt, failures: 0 };
      state.value = { value, readAt: timers.now() };
    } catch (error) {
      if (end.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      const failures = reads.failures + 1;
      reads = { startedAt, tookMs: timers.now() - startedAt, failures };
      const { slowSince: _ended, ...last } = state.value;
      state.value = { ...last, error };
      // A read without a response, or with a server error, is repeated. A refusal stays until something changes.
      again ||= error.status === 0 || error.status >= 500;
    } finally {
      cancelSlow();
      end.signal.removeEventListener('abort', cancelSlow);
      running = false;
    }
    if (again) schedule();
    else if (repeatMs !== undefined) cancelRepeat = timers.later(schedule, repeatMs);
  };
  const schedule = (): void => {
    if (end.signal.aborted || cancelTimer !== undefined) return;
    if (running) {
      again = true;
      return;
    }
    const now = timers.now();
    cancelTimer = timers.later(() => void run(), nextReadAt(reads, now) - now);
  };
  const refresh = (): void => {
    if (reads.failures > 0) {
      reads = { ...reads, failures: 0, tookMs: 0 };
      const { error, ...last } = state.peek();
      // An error about a missing response is out of date, because the connection is back.
      if (error?.status === 0) state.value = last;
      cancelTimer?.();
      cancelTimer = undefined;
    }
    schedule();
  };
  schedule();
  return {
    state,
    refresh,
    notice: (changes) => {
      if (changes.some(concerns)) schedule();
    },
    close() {
      end.abort();
      cancelTimer?.();
      cancelRepeat?.();
    },
  };
}
