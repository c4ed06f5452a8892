/**
 * Milliseconds since the process began, by a clock that never jumps. `performance.now()` tells the same, but the first
 * look at `performance` loads nine modules of Node for what else it can measure: a megabyte.
 */
export const monotonicMs = (): number => process.uptime() * 1000;
