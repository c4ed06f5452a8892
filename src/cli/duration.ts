import { TypeKroError } from '../core/index.ts';
import { goParseDurationMs } from '../golang/index.ts';

/**
 * The milliseconds of a duration in Go's form: `500ms`, `60s`, `1h30m`. An integer of up to nine digits without a unit
 * is in seconds.
 *
 * @throws TypeKroError `cli/bad-duration`.
 */
export function parseDuration(text: string, option: string): number {
  const duration = goParseDurationMs(/^\d{1,9}$/.test(text) ? `${text}s` : text);
  if (duration === undefined || duration < 0) {
    throw new TypeKroError(`--${option} ${text} is no duration`, {
      code: 'cli/bad-duration',
      remedy: 'write e.g. 90s, 2m or 500ms',
    });
  }
  return duration;
}
