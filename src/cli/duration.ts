import { TypeKroError } from '../core/index.ts';
import { goParseDurationMs } from '../golang/index.ts';

/**
 * Parses a duration in Go's form (`500ms`, `60s`, `1h30m`) into milliseconds. An integer of up to nine digits without a
 * unit is in seconds.
 *
 * @param option the name of the option without dashes, for the error
 * @throws TypeKroError `cli/bad-duration` for another text, and for a negative duration.
 */
export function parseDuration(text: string, option: string): number {
  const duration = goParseDurationMs(/^\d{1,9}$/.test(text) ? `${text}s` : text);
  if (duration === undefined || duration < 0) {
    throw new TypeKroError(`--${option} ${text} is not a duration`, {
      code: 'cli/bad-duration',
      remedy: 'write e.g. 90s, 2m or 500ms',
    });
  }
  return duration;
}
