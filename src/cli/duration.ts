import { TypeKroError } from '../core/index.ts';
import { goParseDurationMs } from '../golang/index.ts';

/**
 * Milliseconds of a duration as Go writes it: `500ms`, `60s`, `1h30m`; a bare number is seconds.
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
