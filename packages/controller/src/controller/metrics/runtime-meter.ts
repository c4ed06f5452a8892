import type { PerformanceEntry } from 'node:perf_hooks';
import { perfHooksLibrary } from '@typekro/kit/core';
import type { Reading } from './metrics.ts';
import { Metric } from './exposition.ts';

/**
 * The planned time between two measurements of the event loop. A timer starts each measurement, so the real time is
 * longer by the delay of this timer. A shorter time costs an idle process more: with 20 ms, the measurement takes 0.002
 * CPU, five times as much.
 */
const RESOLUTION_MS = 100;
const NANOSECONDS_PER_SECOND = 1e9;
const NANOSECONDS_PER_MS = 1e6;
const MS_PER_SECOND = 1e3;
/** Upper bounds for pauses of the garbage collector, in seconds. */
const PAUSE_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/**
 * Maps the number of a kind of garbage collection in `perf_hooks.constants` to the usual label in metrics of Node
 * programs.
 */
const COLLECTIONS: ReadonlyMap<unknown, string> = new Map([
  [1, 'minor'],
  [4, 'major'],
  [8, 'incremental'],
  [16, 'weakcb'],
]);

/** Times between two measurements of the event loop, in nanoseconds. Node's histogram of delays has these members. */
export interface LoopTimes {
  readonly mean: number;
  readonly max: number;
  percentile(percentile: number): number;
  reset(): void;
}

/** The delays of the event loop in seconds. */
type LoopDelays = Readonly<Record<'mean' | 'max' | 'p50' | 'p99', number>>;

const DELAYS: readonly (readonly [keyof LoopDelays, string])[] = [
  ['mean', 'Mean delay of the event loop since the last scrape.'],
  ['max', 'Longest delay of the event loop since the last scrape.'],
  ['p50', 'Median of the delays of the event loop since the last scrape.'],
  ['p99', '99th percentile of the delays of the event loop since the last scrape.'],
];

/** The metrics of the runtime: delays of the event loop, and pauses of the garbage collector. */
export class RuntimeMetrics {
  readonly all: readonly Metric[];
  /** The pauses of the garbage collector, by the kind of garbage collection. */
  readonly pauses = new Metric('nodejs_gc_duration_seconds', 'histogram', 'Pauses of the garbage collector.', {
    labels: ['kind'],
    bounds: PAUSE_BUCKETS,
  });
  readonly #times: LoopTimes | undefined;
  #delays: LoopDelays = { mean: 0, max: 0, p50: 0, p99: 0 };

  /** Without times, the metrics of the event loop have no series. */
  constructor(times?: LoopTimes) {
    this.#times = times;
    const [first] = DELAYS;
    this.all = [
      ...DELAYS.map((delay) => {
        const [name, help] = delay;
        const collect = (): Reading<never>[] => {
          // A scrape reads the metrics in their order, so the first one takes the measurements of all.
          if (delay === first) this.#take();
          return this.#times === undefined ? [] : [[{}, this.#delays[name]]];
        };
        return new Metric(`nodejs_eventloop_lag_${name}_seconds`, 'gauge', help, { labels: [], collect });
      }),
      this.pauses,
    ];
  }

  /** Counts a pause. `kind` is V8's number for the kind of garbage collection. */
  paused(kind: unknown, milliseconds: number): void {
    this.pauses.observe({ kind: COLLECTIONS.get(kind) ?? 'other' }, milliseconds / MS_PER_SECOND);
  }

  #take(): void {
    const times = this.#times;
    if (times === undefined) return;
    this.#delays = {
      mean: delayOf(times.mean),
      max: delayOf(times.max),
      p50: delayOf(times.percentile(50)),
      p99: delayOf(times.percentile(99)),
    };
    times.reset();
  }
}

/**
 * The delay in a time between two measurements, in seconds. The mean of no measurements is not a number, and counts as
 * no delay. A time that is shorter than the resolution follows a late measurement, and also counts as no delay.
 */
function delayOf(nanoseconds: number): number {
  const seconds = (nanoseconds - RESOLUTION_MS * NANOSECONDS_PER_MS) / NANOSECONDS_PER_SECOND;
  return Number.isNaN(seconds) ? 0 : Math.max(0, seconds);
}

/** An entry of the type `gc`. Node's type declarations omit the details of entries. */
type CollectionEntry = PerformanceEntry & { readonly detail?: { readonly kind?: unknown } };

/** Measures the event loop and the garbage collector of this process until `close` is called. */
export function measureRuntime(): { readonly metrics: readonly Metric[]; close(): void } {
  const { monitorEventLoopDelay, PerformanceObserver } = perfHooksLibrary();
  const times = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const metrics = new RuntimeMetrics(times);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as readonly CollectionEntry[]) {
      metrics.paused(entry.detail?.kind, entry.duration);
    }
  });
  times.enable();
  observer.observe({ entryTypes: ['gc'] });
  return {
    metrics: metrics.all,
    close() {
      times.disable();
      observer.disconnect();
    },
  };
}
