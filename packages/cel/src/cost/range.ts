/** The least and the greatest cost or size. `max` is `UNBOUNDED` if there is no limit. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The upper limit of costs and sizes, because cel-go counts in 64 bits. Larger values are reduced to this limit. */
export const UNBOUNDED = 2 ** 64;

const capped = (value: number): number => Math.min(value, UNBOUNDED);

export const fixed = (value: number): Range => ({ min: value, max: value });
export const UNKNOWN: Range = { min: 0, max: UNBOUNDED };
export const ZERO: Range = fixed(0);
export const ONE: Range = fixed(1);
/** The cost of making a list, without its elements. */
export const LIST: Range = fixed(10);

export const addRanges = (a: Range, b: Range): Range => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) });
export const multiplyRanges = (a: Range, b: Range): Range => ({
  min: capped(a.min * b.min),
  max: capped(a.max * b.max),
});

/** The range, multiplied by a factor and rounded up. */
export const scaleRange = (range: Range, factor: number): Range => ({
  min: capped(Math.ceil(range.min * factor)),
  max: capped(Math.ceil(range.max * factor)),
});

/** The smallest range that contains both ranges. */
export const unionRange = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });
