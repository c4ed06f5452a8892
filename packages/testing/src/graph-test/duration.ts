import { goParseDurationMs } from '@typekro/kit/golang';

/**
 * Converts a duration of a test (a number of seconds, or a string such as `90s`) to milliseconds. `undefined` for any
 * other string and for negative durations.
 */
export function durationMs(duration: string | number): number | undefined {
  const text = String(duration);
  const milliseconds = goParseDurationMs(/^\d{1,9}(\.\d+)?$/.test(text) ? `${text}s` : text);
  return milliseconds !== undefined && milliseconds >= 0 ? milliseconds : undefined;
}
