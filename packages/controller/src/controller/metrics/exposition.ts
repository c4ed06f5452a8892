import { KeyIndex } from '../cache/key-index.ts';

/** Labels of one series. `L` are their names. */
export type MetricLabels<L extends string = string> = Readonly<Record<L, string>>;

/** The type of a metric, in Prometheus' words. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

interface Series {
  readonly labels: MetricLabels;
  value: number;
  /**
   * Item `i` counts the observations above bound `i - 1` and up to bound `i`. One more item counts the observations
   * above all bounds. Only histograms have buckets.
   */
  readonly buckets: number[];
  count: number;
}

const NO_LABELS: MetricLabels = {};

/** Upper bounds of histograms of durations, in seconds. */
export const DURATION_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * One metric, with a series for each combination of label values. `drop` removes series that are out of date. `L` are
 * the names of its labels.
 */
export class Metric<L extends string = string> {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  /** The names of the labels of each series, without the bound of a bucket. */
  readonly labels: readonly L[];
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();
  /** The keys of series by the value of their first label. This index makes `drop` fast among thousands of series. */
  readonly #keys = new KeyIndex();
  /** Returns current values when the metric is written. */
  readonly #collect: (() => Iterable<readonly [MetricLabels<L>, number]>) | undefined;

  constructor(
    name: string,
    type: MetricType,
    help: string,
    options: {
      labels?: readonly L[];
      bounds?: readonly number[];
      collect?: () => Iterable<readonly [MetricLabels<L>, number]>;
      /** True for a metric without labels, which exposes 0 before the first event. */
      bare?: boolean;
    } = {},
  ) {
    this.name = name;
    this.type = type;
    this.help = help;
    this.labels = options.labels ?? [];
    this.#bounds = options.bounds ?? DURATION_BUCKETS;
    this.#collect = options.collect;
    if (options.bare === true) this.#of(NO_LABELS);
  }

  /** Adds to a counter or gauge. */
  add(labels?: MetricLabels<L>, amount = 1): void {
    this.#of(labels ?? NO_LABELS).value += amount;
  }

  set(labels: MetricLabels<L>, value: number): void {
    this.#of(labels).value = value;
  }

  /** Counts `times` observations of this value in a histogram. */
  observe(labels: MetricLabels<L>, value: number, times = 1): void {
    if (times === 0) return;
    const series = this.#of(labels);
    series.count += times;
    series.value += value * times;
    let index = 0;
    while (value > (this.#bounds[index] ?? Number.POSITIVE_INFINITY)) index += 1;
    series.buckets[index] = (series.buckets[index] ?? 0) + times;
  }

  /** Removes the series whose labels have these values. */
  drop(labels: MetricLabels): void {
    const given = Object.entries(labels);
    // All series have the same label names.
    const [some] = this.#series.values();
    const names = Object.keys(some?.labels ?? {});
    if (!given.every(([name]) => names.includes(name))) return;
    const first = labels[names[0] ?? ''];
    for (const key of first === undefined ? this.#series.keys() : this.#keys.of(first)) {
      const series = this.#series.get(key);
      if (series === undefined || !given.every(([name, value]) => series.labels[name] === value)) continue;
      this.#series.delete(key);
      this.#keys.move(key, firstOf(series.labels), []);
    }
  }

  /** The value of a series; for a histogram, the number of its observations. For tests. */
  valueOf(labels: MetricLabels = {}): number {
    const series = this.#series.get(this.#keyOf(labels));
    return (this.type === 'histogram' ? series?.count : series?.value) ?? 0;
  }

  /** The lines of the text format. */
  *lines(): Iterable<string> {
    yield `# HELP ${this.name} ${this.help}`;
    yield `# TYPE ${this.name} ${this.type}`;
    for (const [labels, value] of this.#collect?.() ?? []) yield `${this.name}${labelText(labels)} ${value}`;
    for (const series of this.#series.values()) {
      if (this.type !== 'histogram') {
        yield `${this.name}${labelText(series.labels)} ${series.value}`;
        continue;
      }
      let below = 0;
      for (const [index, bound] of this.#bounds.entries()) {
        below += series.buckets[index] ?? 0;
        yield `${this.name}_bucket${labelText({ ...series.labels, le: String(bound) })} ${below}`;
      }
      yield `${this.name}_bucket${labelText({ ...series.labels, le: '+Inf' })} ${series.count}`;
      yield `${this.name}_sum${labelText(series.labels)} ${series.value}`;
      yield `${this.name}_count${labelText(series.labels)} ${series.count}`;
    }
  }

  /** The labels in the order of their declaration. */
  #ordered(labels: MetricLabels): MetricLabels {
    if (this.labels.length < 2) return labels;
    return Object.fromEntries(this.labels.map((name) => [name, labels[name] ?? '']));
  }

  /**
   * The key of a series. With one label, which is the common case, the key is the label's value. A joined string would
   * be hashed again at each look-up.
   */
  #keyOf(labels: MetricLabels): string {
    if (this.labels.length > 1) return this.labels.map((name) => labels[name]).join('\0');
    const [value = ''] = Object.values(labels);
    return value;
  }

  #of(given: MetricLabels): Series {
    const key = this.#keyOf(given);
    let series = this.#series.get(key);
    if (series === undefined) {
      const labels = this.#ordered(given);
      series = { labels, value: 0, buckets: [], count: 0 };
      this.#series.set(key, series);
      this.#keys.move(key, [], firstOf(labels));
    }
    return series;
  }
}

/** The text format of metrics, as in the response to `GET /metrics`. */
export function exposition(metrics: Iterable<Pick<Metric, 'lines'>>): string {
  const lines: string[] = [];
  for (const metric of metrics) lines.push(...metric.lines());
  return `${lines.join('\n')}\n`;
}

/** The value of the first label; empty when there are no labels. */
function firstOf(labels: MetricLabels): string[] {
  return Object.values(labels).slice(0, 1);
}

function labelText(labels: MetricLabels): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return '';
  return `{${entries.map(([name, value]) => `${name}="${escape(value)}"`).join(',')}}`;
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
