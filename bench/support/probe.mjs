/**
 * Measures a process from inside: `node --expose-gc --import probe.mjs?FILE …`, with FILE in percent-encoding. Responds
 * to each message of the parent with a `ProbeSample` (`probed-controller.ts`). When the process exits, the probe writes
 * the open resources of the program into FILE: the number of sockets, timers and other resources by name.
 */
import { writeFileSync } from 'node:fs';
import { createHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** The bit in `detail.flags` that marks a collection started by `gc()`. */
const FORCED = 4;
const NANOSECONDS_PER_MS = 1e6;
const MICROSECONDS_PER_MS = 1e3;
const RESOLUTION_MS = 10;
/** A program must close all its resources within this time after the end of its work, in milliseconds. */
const GRACE_MS = 1000;

const exit = process.exit.bind(process);
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
/**
 * The processor time of this process between two turns of a timer, in microseconds. Other processes of the machine have
 * no effect on it.
 */
const busy = createHistogram();
let lastBusy = process.cpuUsage();
const countBusy = () => {
  const { user, system } = process.cpuUsage(lastBusy);
  busy.record(Math.max(1, user + system));
  lastBusy = process.cpuUsage();
};
setInterval(countBusy, RESOLUTION_MS).unref();
let pauses = [];
new PerformanceObserver((list) => {
  for (const { duration, detail } of list.getEntries()) if ((detail.flags & FORCED) === 0) pauses.push(duration);
}).observe({ entryTypes: ['gc'] });
delay.enable();

function countResources() {
  const counts = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

// Node opens a standard stream at its first use.
void [process.stdout, process.stderr];
/**
 * The number of pipes and terminals before the program starts. They belong to the channel to the parent and to the
 * standard streams.
 */
const { PipeWrap: pipes = 0, TTYWrap: terminals = 0 } = countResources();

function countLeft() {
  const counts = countResources();
  const left = { ...counts, PipeWrap: (counts.PipeWrap ?? 0) - pipes, TTYWrap: (counts.TTYWrap ?? 0) - terminals };
  return Object.fromEntries(Object.entries(left).filter(([, count]) => count > 0));
}

process.on('message', () => {
  const loop = {
    p50: delay.percentile(50) / NANOSECONDS_PER_MS,
    p99: delay.percentile(99) / NANOSECONDS_PER_MS,
    max: delay.max / NANOSECONDS_PER_MS,
    busyP99: busy.percentile(99) / MICROSECONDS_PER_MS,
    busyMax: busy.max / MICROSECONDS_PER_MS,
  };
  delay.disable();
  const { rss } = process.memoryUsage();
  globalThis.gc();
  const { heapUsed: heap, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send({ heap, rss, external, cpu: (user + system) / 1e6, loop, pauses, resources: countResources() });
  pauses = [];
  delay.reset();
  busy.reset();
  lastBusy = process.cpuUsage();
  // The garbage collection above does not count as a delay of the event loop.
  setImmediate(() => delay.enable());
});
// The channel to the parent does not keep the process alive.
process.channel.unref();
// The end of the parent ends the process.
process.on('disconnect', () => exit(1));

// The program calls `process.exit` at its end. This replacement waits for up to `GRACE_MS`, in which a process without
// open resources ends by itself.
process.exit = (code) => {
  process.exitCode = code;
  setTimeout(() => exit(), GRACE_MS).unref();
};
const file = decodeURIComponent(new URL(import.meta.url).search.slice(1));
process.on('exit', () => writeFileSync(file, JSON.stringify(countLeft())));
