/**
 * Sorts the numbers 0 … n−1 like Go's `sort.Slice`; `less` compares two of the numbers. `sort.Slice` is not stable. For
 * more than twelve elements, it is pattern-defeating quicksort, and its swaps determine the order of equal elements.
 * Therefore this function makes the same swaps.
 *
 * See Orson Peters, "Pattern-defeating Quicksort" (arXiv 2106.05123).
 */
export function sortIndices(n: number, less: (i: number, j: number) => boolean): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  if (n > 1) new Sorter(order, less).sort(0, n, bitLength(n));
  return order;
}

/** Ranges up to this length are sorted by insertion. */
const MAX_INSERTION_LENGTH = 12;
/** The minimum length at which the pivot is the median of three medians. */
const MIN_NINTHER_LENGTH = 50;
/** The maximum number of swaps while a pivot is chosen. A range that needs all these swaps counts as decreasing. */
const ALL_SWAPPED = 12;

type Hint = 'decreasing' | 'increasing' | 'unknown';

function bitLength(n: number): number {
  return 32 - Math.clz32(n);
}

class Sorter {
  readonly #order: number[];
  readonly #lessKeys: (i: number, j: number) => boolean;
  #pivotSwaps = 0;

  constructor(order: number[], less: (i: number, j: number) => boolean) {
    this.#order = order;
    this.#lessKeys = less;
  }

  #less(i: number, j: number): boolean {
    return this.#lessKeys(this.#order[i] as number, this.#order[j] as number);
  }

  #swap(i: number, j: number): void {
    const swapped = this.#order[i] as number;
    this.#order[i] = this.#order[j] as number;
    this.#order[j] = swapped;
  }

  /**
   * Sorts from `start` up to, but not including, `end`. After `badPivots` unbalanced partitions, uses heap sort for the
   * rest.
   */
  sort(start: number, end: number, badPivots: number): void {
    let balanced = true;
    let partitioned = true;
    while (end - start > MAX_INSERTION_LENGTH) {
      const length = end - start;
      if (badPivots === 0) {
        this.#heapSort(start, end);
        return;
      }
      if (!balanced) {
        this.#breakPatterns(start, end);
        badPivots -= 1;
      }
      let { pivot, hint } = this.#choosePivot(start, end);
      if (hint === 'decreasing') {
        for (let i = start, j = end - 1; i < j; i++, j--) this.#swap(i, j);
        pivot = end - 1 - (pivot - start);
        hint = 'increasing';
      }
      if (balanced && partitioned && hint === 'increasing' && this.#finishNearlySorted(start, end)) return;
      if (start > 0 && !this.#less(start - 1, pivot)) {
        start = this.#skipEqual(start, end, pivot);
        continue;
      }
      const split = this.#partition(start, end, pivot);
      partitioned = split.untouched;
      const left = split.middle - start;
      const right = end - split.middle;
      balanced = Math.min(left, right) >= Math.floor(length / 8);
      if (left < right) {
        this.sort(start, split.middle, badPivots);
        start = split.middle + 1;
      } else {
        this.sort(split.middle + 1, end, badPivots);
        end = split.middle;
      }
    }
    this.#insertionSort(start, end);
  }

  #insertionSort(start: number, end: number): void {
    for (let i = start + 1; i < end; i++) {
      for (let j = i; j > start && this.#less(j, j - 1); j--) this.#swap(j, j - 1);
    }
  }

  #heapSort(start: number, end: number): void {
    const length = end - start;
    for (let i = Math.floor((length - 1) / 2); i >= 0; i--) this.#siftDown(start, i, length);
    for (let i = length - 1; i >= 0; i--) {
      this.#swap(start, start + i);
      this.#siftDown(start, 0, i);
    }
  }

  #siftDown(first: number, root: number, length: number): void {
    for (let child = 2 * root + 1; child < length; child = 2 * root + 1) {
      if (child + 1 < length && this.#less(first + child, first + child + 1)) child += 1;
      if (!this.#less(first + root, first + child)) return;
      this.#swap(first + root, first + child);
      root = child;
    }
  }

  /** Moves smaller elements to the left of the pivot, and all others to its right. */
  #partition(start: number, end: number, pivot: number): { middle: number; untouched: boolean } {
    this.#swap(start, pivot);
    let low = start + 1;
    let high = end - 1;
    let swaps = 0;
    for (;;) {
      while (low <= high && this.#less(low, start)) low += 1;
      while (low <= high && !this.#less(high, start)) high -= 1;
      if (low > high) break;
      this.#swap(low++, high--);
      swaps += 1;
    }
    this.#swap(high, start);
    return { middle: high, untouched: swaps === 0 };
  }

  /**
   * Moves the elements that equal the pivot to the front of a range in which no element is smaller than the pivot.
   * Returns the index after them.
   */
  #skipEqual(start: number, end: number, pivot: number): number {
    this.#swap(start, pivot);
    let low = start + 1;
    let high = end - 1;
    for (;;) {
      while (low <= high && !this.#less(start, low)) low += 1;
      while (low <= high && this.#less(start, high)) high -= 1;
      if (low > high) return low;
      this.#swap(low++, high--);
    }
  }

  /**
   * Repairs up to five unordered pairs of neighbours, but repairs nothing in a range shorter than `MIN_NINTHER_LENGTH`.
   * Returns true if the range is sorted after at most four repairs. After the fifth repair, returns false without
   * checking the order.
   */
  #finishNearlySorted(start: number, end: number): boolean {
    let i = start + 1;
    for (let step = 0; step < 5; step++) {
      while (i < end && !this.#less(i, i - 1)) i += 1;
      if (i === end) return true;
      if (end - start < MIN_NINTHER_LENGTH) return false;
      this.#swap(i, i - 1);
      if (i - start >= 2) for (let j = i - 1; j >= 1 && this.#less(j, j - 1); j--) this.#swap(j, j - 1);
      if (end - i >= 2) for (let j = i + 1; j < end && this.#less(j, j - 1); j++) this.#swap(j, j - 1);
    }
    return false;
  }

  /** Swaps three elements with elements at pseudo-random indices, which depend only on the length. */
  #breakPatterns(start: number, end: number): void {
    const length = end - start;
    let random = BigInt(length);
    const mask = (1n << BigInt(bitLength(length))) - 1n;
    const middle = start + Math.floor(length / 4) * 2;
    for (let at = middle - 1; at <= middle + 1; at++) {
      random = BigInt.asUintN(64, random ^ (random << 13n));
      random ^= random >> 7n;
      random = BigInt.asUintN(64, random ^ (random << 17n));
      let other = Number(random & mask);
      if (other >= length) other -= length;
      this.#swap(at, start + other);
    }
  }

  #choosePivot(start: number, end: number): { pivot: number; hint: Hint } {
    const length = end - start;
    const quarter = Math.floor(length / 4);
    this.#pivotSwaps = 0;
    const around = (at: number) => (length >= MIN_NINTHER_LENGTH ? this.#median(at - 1, at, at + 1) : at);
    const low = around(start + quarter);
    const middle = around(start + quarter * 2);
    const high = around(start + quarter * 3);
    const pivot = this.#median(low, middle, high);
    const swaps = this.#pivotSwaps;
    return { pivot, hint: swaps === 0 ? 'increasing' : swaps === ALL_SWAPPED ? 'decreasing' : 'unknown' };
  }

  /** Returns that one of three indices at which the median element is. */
  #median(a: number, b: number, c: number): number {
    [a, b] = this.#ordered(a, b);
    [b, c] = this.#ordered(b, c);
    return this.#ordered(a, b)[1];
  }

  #ordered(a: number, b: number): [number, number] {
    if (!this.#less(b, a)) return [a, b];
    this.#pivotSwaps += 1;
    return [b, a];
  }
}
