/** The measuring functions of the workloads. Each workload prints one figure. */

/** Prints the processor time of the work, in milliseconds. */
export async function printTime(work: () => unknown): Promise<void> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1000);
}

/** Prints the bytes of heap that each of `count` values retains. */
export function printBytesEach(count: number, make: (index: number) => unknown): void {
  // The first value also allocates what all values share.
  const first = make(-1);
  const kept: unknown[] = Array.from({ length: count });
  const before = heapUsed();
  for (let index = 0; index < count; index += 1) kept[index] = make(index);
  const after = heapUsed();
  console.log((after - before) / count);
  if (kept.length !== count || first === kept) throw new Error('nothing was kept');
}

/** Prints the growth of resident memory during the work, in megabytes. */
export async function printResident(work: () => unknown): Promise<void> {
  collect();
  const before = process.memoryUsage().rss;
  await work();
  collect();
  console.log((process.memoryUsage().rss - before) / 2 ** 20);
}

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
}
