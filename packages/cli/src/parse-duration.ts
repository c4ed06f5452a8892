import { MAX_TIMER_MS, TypeKroError } from '@typekro/kit/core';
import { goFormatDuration, goParseDurationMs } from '@typekro/kit/golang';

/**
 * Parses a duration in Go's notation (`500ms`, `60s`, `1h30m`) and returns milliseconds. An integer of up to nine
 * digits without a unit is in seconds.
 *
 * @param label the words before the duration in errors: an option such as `--timeout`, or an empty string for an
 *   argument
 * @param maxMs the longest accepted duration. Default: any.
 * @throws TypeKroError `cli/bad-duration` when the text is not a duration, or the duration is negative or too long.
 */
export function parseDuration(text: string, label: string, maxMs = Infinity): number {
  const shown = label === '' ? text : `${label} ${text}`;
  const duration = goParseDurationMs(/^\d{1,9}$/.test(text) ? `${text}s` : text);
  if (duration === undefined || duration < 0) {
    const isNegative = duration !== undefined;
    throw new TypeKroError(`${shown} is ${isNegative ? 'negative' : 'not a duration'}`, {
      code: 'cli/bad-duration',
      remedy: `${isNegative ? 'time only goes forward: ' : ''}write e.g. 90s, 2m or 500ms`,
    });
  }
  if (duration > maxMs) {
    const longest = goFormatDuration(BigInt(maxMs) * 1_000_000n);
    throw new TypeKroError(`${shown} is longer than ${longest}`, {
      code: 'cli/bad-duration',
      remedy: `write at most ${longest}`,
    });
  }
  return duration;
}

/**
 * A signal that aborts after a time limit, or after 24.8 days if the limit is longer. `AbortSignal.timeout` cannot be
 * used directly, because it refuses fractions of milliseconds and times beyond 49 days.
 */
export const timeLimit = (limitMs: number): AbortSignal =>
  AbortSignal.timeout(Math.min(Math.ceil(limitMs), MAX_TIMER_MS));
