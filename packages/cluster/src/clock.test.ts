import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClusterClock } from './clock.ts';

const DAY_MS = 24 * 3600 * 1000;

describe('a timer of the machine’s clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([0, 1000, 24 * DAY_MS, 25 * DAY_MS, 100 * DAY_MS])('fires after %i ms, once', (milliseconds) => {
    const fired = vi.fn();
    systemClusterClock.setTimer(milliseconds, fired);
    vi.advanceTimersByTime(Math.max(0, milliseconds - 1));
    expect(fired).toHaveBeenCalledTimes(milliseconds === 0 ? 1 : 0);
    vi.advanceTimersByTime(1 + 30 * DAY_MS);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  test('that is longer than setTimeout accepts can be cancelled at any time', () => {
    const fired = vi.fn();
    const timer = systemClusterClock.setTimer(100 * DAY_MS, fired);
    vi.advanceTimersByTime(60 * DAY_MS);
    timer.cancel();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(fired).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
