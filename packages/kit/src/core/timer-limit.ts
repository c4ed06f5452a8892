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
