import { goParseDurationMs } from '../../golang/index.ts';

/**
 * A duration of a test in milliseconds: a number of seconds, or a text such as `90s`. `undefined` for any other text and
 * for negative durations.
 */
export function durationMs(duration: string | number): number | undefined {
  const text = String(duration);
  const milliseconds = goParseDurationMs(/^\d{1,9}(\.\d+)?$/.test(text) ? `${text}s` : text);
  return milliseconds !== undefined && milliseconds >= 0 ? milliseconds : undefined;
}
