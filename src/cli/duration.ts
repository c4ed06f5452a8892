import { TypeKroError } from '../core/index.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a duration as people type it: `500ms`, `60s`, `2m`, `1h`; a bare number is seconds.
 *
 * @throws TypeKroError `cli/bad-duration`.
 */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d{1,9})(ms|s|m|h)?$/.exec(text);
  const factor = UNITS[match?.[2] ?? 's'];
  if (match === null || factor === undefined) {
    throw new TypeKroError(`--${option} ${text} is no duration`, {
      code: 'cli/bad-duration',
      remedy: 'write e.g. 90s, 2m or 500ms',
    });
  }
  return Number(match[1]) * factor;
}
