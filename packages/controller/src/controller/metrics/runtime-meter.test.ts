import { constants } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { exposition } from './exposition.ts';
import { type LoopTimes, measureRuntime, RuntimeMetrics } from './runtime-meter.ts';

const MS = 1e6;

/** A histogram of these times between measurements of the event loop. A reset forgets the times. */
function loopTimes(milliseconds: number[]): LoopTimes {
  const sorted = () => milliseconds.toSorted((a, b) => a - b);
  return {
    get mean() {
      return (milliseconds.reduce((sum, each) => sum + each, 0) / milliseconds.length) * MS;
    },
    get max() {
      return Math.max(0, ...milliseconds) * MS;
    },
    percentile: (percentile) => (sorted()[Math.ceil((milliseconds.length * percentile) / 100) - 1] ?? 0) * MS,
    reset: () => milliseconds.splice(0),
  };
}

/** Keeps the event loop busy. */
function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** The values of a scrape without comments. */
const scrape = (metrics: RuntimeMetrics) =>
  exposition(metrics.all)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

const delays = (mean: number, max: number, p50: number, p99: number) => [
  `nodejs_eventloop_lag_mean_seconds ${mean}`,
  `nodejs_eventloop_lag_max_seconds ${max}`,
  `nodejs_eventloop_lag_p50_seconds ${p50}`,
  `nodejs_eventloop_lag_p99_seconds ${p99}`,
];

test.each([
  ['no measurement', [], delays(0, 0, 0, 0)],
  ['no delay', [100, 100], delays(0, 0, 0, 0)],
  ['one long delay', [100, 100, 100, 1100], delays(0.25, 1, 0, 1)],
  ['a measurement soon after a late one', [50], delays(0, 0, 0, 0)],
])('with %s, the delays of the event loop exclude the time between measurements', (_, times, expected) => {
  expect(scrape(new RuntimeMetrics(loopTimes(times)))).toEqual(expected);
});

test('a scrape has the delays since the previous scrape', () => {
  const times = [600];
  const metrics = new RuntimeMetrics(loopTimes(times));
  expect(scrape(metrics)).toEqual(delays(0.5, 0.5, 0.5, 0.5));
  times.push(100);
  expect(scrape(metrics)).toEqual(delays(0, 0, 0, 0));
});

test('without a measurement of the process there are no delays', () => {
  expect(scrape(new RuntimeMetrics())).toEqual([]);
});

test.each([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
  [1024, 'other'],
  [undefined, 'other'],
])('a garbage collection of the kind %s has the label %s', (kind, label) => {
  const metrics = new RuntimeMetrics();
  metrics.paused(kind, 50);
  expect(scrape(metrics)).toContain(`nodejs_gc_duration_seconds_bucket{kind="${label}",le="0.01"} 0`);
  expect(scrape(metrics)).toContain(`nodejs_gc_duration_seconds_bucket{kind="${label}",le="0.05"} 1`);
  expect(scrape(metrics)).toContain(`nodejs_gc_duration_seconds_sum{kind="${label}"} 0.05`);
});

test('the measurement of a process finds a blocked event loop, and finds none after close()', async () => {
  const runtime = measureRuntime();
  const longest = () => Number(/^nodejs_eventloop_lag_max_seconds (.+)$/m.exec(exposition(runtime.metrics))?.[1]);
  // A scrape resets the histogram, and the first measurement after it finds no delay. Therefore one call blocks the
  // event loop, and the next call scrapes. The pauses between the calls have room for this first measurement.
  let attempts = 0;
  const blockAndScrape = () => {
    attempts += 1;
    if (attempts % 2 === 0) return longest();
    block(400);
    return 0;
  };
  try {
    await expect.poll(blockAndScrape, { interval: 250 }).toBeGreaterThan(0.2);
  } finally {
    runtime.close();
  }
  longest();
  attempts = 0;
  const afterClose: number[] = [];
  await expect.poll(() => afterClose.push(blockAndScrape()), { interval: 250 }).toBe(4);
  expect(afterClose).toEqual([0, 0, 0, 0]);
});
