import { setMaxListeners } from 'node:events';
import type { Clock } from './kube-api.ts';

/**
 * The abort reason at the time limit. It has the name of the error of `AbortSignal.timeout`, and the limit as
 * additional data.
 */
class TimeLimit extends DOMException {
  readonly limitMs: number;

  constructor(limitMs: number) {
    super(`not done after ${limitMs} ms`, 'TimeoutError');
    this.limitMs = limitMs;
  }
}

/**
 * Runs work with a signal, and waits until the work ends. The signal aborts when one of the given signals aborts, or at
 * the time limit. At the time limit, its reason is a `DOMException` with the name `TimeoutError`, as with
 * `AbortSignal.timeout`. Unlike `AbortSignal.timeout`, the timer uses the given clock, is cancelled when the work is
 * done, and keeps the process alive until then.
 */
export async function withDeadline<Result>(
  milliseconds: number,
  signals: readonly (AbortSignal | undefined)[],
  clock: Clock,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  // Many requests of the work may listen to the signal. Without this call, Node.js would warn of a leak.
  setMaxListeners(0, controller.signal);
  const abort = (event: Event) => controller.abort((event.target as AbortSignal).reason);
  const sources = signals.filter((signal) => signal !== undefined);
  const timer = clock.setTimer(milliseconds, () => {
    controller.abort(new TimeLimit(milliseconds));
  });
  for (const source of sources) {
    if (source.aborted) controller.abort(source.reason);
    source.addEventListener('abort', abort, { once: true });
  }
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    for (const source of sources) source.removeEventListener('abort', abort);
  }
}

/** Did the signal abort because of a time limit? */
export function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
}

/** The time limit that aborted a signal, in milliseconds; `undefined` for other reasons. */
export function limitOf(signal: AbortSignal): number | undefined {
  const reason: unknown = signal.reason;
  return reason instanceof TimeLimit ? reason.limitMs : undefined;
}
