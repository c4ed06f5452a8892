/** The trend of a series of samples. */
export interface Trend {
  /** The growth in an hour, as a fraction of the mean. */
  readonly perHour: number;
  /** The standard error of `perHour`. */
  readonly error: number;
}

/** Fits a line through samples by least squares. `hours` and `values` have equal lengths. */
export function trendOf(hours: readonly number[], values: readonly number[]): Trend {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const [middle, level] = [mean(hours), mean(values)];
  const spread = hours.reduce((sum, hour) => sum + (hour - middle) ** 2, 0);
  const slope = hours.reduce((sum, hour, at) => sum + (hour - middle) * ((values[at] ?? 0) - level), 0) / spread;
  const rest = hours.reduce((sum, hour, at) => {
    const expected = level + slope * (hour - middle);
    return sum + ((values[at] ?? 0) - expected) ** 2;
  }, 0);
  const error = Math.sqrt(rest / Math.max(1, hours.length - 2) / spread);
  return { perHour: slope / level, error: error / level };
}

/**
 * The growth from the second third of the samples to the last third, as a fraction. The first third is left out,
 * because caches, windows of events and the compiled code grow in it.
 */
export function growthOfThirds(values: readonly number[]): { from: number; to: number; growth: number } {
  const mean = (from: number, to: number) => {
    const part = values.slice(Math.floor(values.length * from), Math.floor(values.length * to));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  };
  const [from, to] = [mean(1 / 3, 2 / 3), mean(2 / 3, 1)];
  return { from, to, growth: to / from - 1 };
}
