import { describe, expect, test } from 'vitest';
import { formatSeconds, goFormatDuration, goParseDuration, goParseDurationMs } from './duration.ts';

describe('durations', () => {
  test.each([
    ['1h30m', '1h30m0s', '5400s'],
    ['90s', '1m30s', '90s'],
    ['-1.5h', '-1h30m0s', '-5400s'],
    ['100us', '100µs', '0.0001s'],
    ['1.s', '1s', '1s'],
    ['.5h', '30m0s', '1800s'],
    ['0', '0s', '0s'],
    ['-2562047h47m16.854775808s', '-2562047h47m16.854775808s', '-9223372036.854776s'],
  ])('%s is %s in Go, and %s in seconds', (text, go, seconds) => {
    const nanos = goParseDuration(text) ?? -1n;
    expect(goFormatDuration(nanos)).toBe(go);
    expect(formatSeconds(nanos)).toBe(seconds);
  });

  test.each(['', '1', '1h30', '1 h', '.s', '9223372037s', '1d', '+-1s', '1h-1m', '9223372036854775808ns'])(
    '%j is not a duration',
    (text) => {
      expect(goParseDuration(text)).toBeUndefined();
    },
  );

  test.each([
    ['3s', 3000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['200ms', 200],
    ['1µs', 0.001],
    ['-2s', -2000],
    ['2', undefined],
  ])('%s is %s milliseconds', (text, milliseconds) => {
    expect(goParseDurationMs(text)).toBe(milliseconds);
  });
});
