/**
 * Milliseconds of a clock that never jumps, for durations. `performance.now()` is also such a clock, but the first
 * access to `performance` loads nine modules of Node, which take a megabyte.
 */
export function monotonicMs(): number {
  const time = process.hrtime();
  return time[0] * 1e3 + time[1] / 1e6;
}
