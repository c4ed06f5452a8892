/**
 * Measures the time and memory of small pieces of work. Time is processor time, so that other processes do not count.
 */

/** Rounds per figure. The figure is the fastest round, because only other load makes a round slower. */
const ROUNDS = 9;
/** The minimum processor time of a round, in milliseconds. */
const ROUND_MS = 40;

/** Holds the results of the measured calls, so that the optimiser cannot remove these calls. */
export const sink: { value: unknown } = { value: undefined };

/** Nanoseconds per call. */
export function nanoseconds(work: () => unknown): number {
  let calls = 1;
  let elapsed = timed(work, calls);
  while (elapsed < ROUND_MS) {
    calls *= elapsed < ROUND_MS / 8 ? 4 : 2;
    elapsed = timed(work, calls);
  }
  let best = elapsed / calls;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, timed(work, calls) / calls);
  return best * 1e6;
}

/** Processor time of one call, in nanoseconds. */
export function once(work: () => unknown): number {
  return timed(work, 1) * 1e6;
}

function timed(work: () => unknown, calls: number): number {
  const began = process.cpuUsage();
  for (let i = 0; i < calls; i++) sink.value = work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** Bytes of heap that each value of `make` retains. Requires `--expose-gc`. */
export function retainedBytes(make: (index: number) => unknown, count: number): number {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('run with --expose-gc');
  // The first values also allocate what all values share.
  for (let i = 0; i < 10; i++) make(i);
  const kept: unknown[] = Array.from({ length: count });
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) kept[i] = make(i + 10);
  collect();
  const after = process.memoryUsage().heapUsed;
  sink.value = kept.length;
  return (after - before) / count;
}
