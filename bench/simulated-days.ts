/**
 * Measures the growth of the heap in days of simulated time: the controller and the embedded cluster run on one clock,
 * which jumps from timer to timer (docs/simulation.md). Users and competing clients act all the time. Requests fail,
 * responses are lost, watches are late and expire, and definitions change. The first run has one process. The second
 * run has two processes, and its leader changes. Run:
 * `npm run bench -- simulated-days [--hours N] [--seed N] [--processes N] [--limit PERCENT]`; by default 72 hours, seed
 * 1, both runs, and a growth of at most 1 % a day. `npm run long` has a shorter sample with another seed each day. A
 * missed goal is a failure.
 */
import { setFlagsFromString } from 'node:v8';
import { liveHeap, openResources, runDays } from '../test/simulation/days.ts';
import { readOptions } from './support/options.ts';
import { trendOf } from './support/trend.ts';

// With the optimizing compiler of V8, the memory for compiled code would grow for hours. The real controller also runs
// without the optimizing compiler.
setFlagsFromString('--no-opt');

/** `limit` is in percent. `processes: 0` stands for both runs. */
const options = readOptions({ hours: 72, seed: 1, processes: 0, limit: 1 });
const { hours, seed, limit: maxGrowthADay } = options;
const processSets = options.processes === 0 ? [1, 2] : [options.processes];
const MIB = 2 ** 20;
const HOURS_A_DAY = 24;
/**
 * The growth in the first hour is not measured, because the cluster fills its lists of kept watch events in this hour.
 */
const FIRST_HOUR = 1;
/**
 * The hours of a warm-up run with another seed. V8 compiles a function at its first call and keeps the code, so the
 * measured run must not contain first calls.
 */
const WARM_UP_HOURS = 12;

const percent = (fraction: number) => `${(fraction * 100).toFixed(2)} %`;

for (const processes of processSets) {
  await runDays({ seed: seed + 1000, hours: WARM_UP_HOURS, processes, onHour: () => Promise.resolve() });
  const curve: { readonly hour: number; readonly heap: number }[] = [];
  const began = performance.now();
  console.log(
    `\n${processes === 1 ? 'one process' : 'two processes'}, seed ${seed}\n\n| hour | heap, MiB |\n|---|---|`,
  );
  const { problems, requests, actions, rotations, refused } = await runDays({
    seed,
    hours,
    processes,
    async onHour(hour) {
      const heap = await liveHeap();
      curve.push({ hour, heap });
      console.log(`| ${hour.toFixed(1)} | ${(heap / MIB).toFixed(2)} |`);
    },
  });
  const counted = curve.filter(({ hour }) => hour >= FIRST_HOUR);
  const { perHour, error } = trendOf(
    counted.map(({ hour }) => hour),
    counted.map(({ heap }) => heap),
  );
  const [growth, deviation] = [perHour * HOURS_A_DAY, error * HOURS_A_DAY];
  const left = await openResources();
  for (const problem of problems.slice(0, 10)) console.error(problem);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log('\n| what | goal | measured |\n|---|---|---|');
  console.log(
    `| ${hours} simulated hours: growth of the heap a day | ≤ ${maxGrowthADay} % | ${percent(growth)} ± ${percent(deviation)} |`,
  );
  console.log(`| differences from a run without faults, broken rules | 0 | ${problems.length} |`);
  console.log(`| sockets and timers left | none | ${left.join(', ') || 'none'} |`);
  console.log(`| actions of users, requests of the controller, real time | | ${actions}, ${requests}, ${seconds} s |`);
  console.log(`| rotations of the credentials, refused requests | | ${rotations}, ${refused} |`);
  if (problems.length > 0 || left.length > 0 || growth * 100 > maxGrowthADay) process.exitCode = 1;
}
