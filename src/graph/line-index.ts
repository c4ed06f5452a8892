import type { SourcePosition } from '../core/index.ts';

/** Turns offsets of a text (UTF-16 units) into lines and columns (code points), both from 1. */
export class LineIndex {
  readonly #length: number;
  readonly #file: string | undefined;
  readonly #starts: number[] = [0];
  /** The offsets of characters with two UTF-16 units. A column counts such a character once. */
  readonly #wide: number[] = [];

  constructor(text: string, file?: string) {
    this.#length = text.length;
    this.#file = file;
    for (const match of text.matchAll(/\r\n|\r|\n/g)) this.#starts.push(match.index + match[0].length);
    for (const match of text.matchAll(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)) this.#wide.push(match.index);
  }

  /** The position of an offset. For an offset beyond the end, the position of the end. */
  position(offset: number): SourcePosition {
    const at = Math.min(Math.max(offset, 0), this.#length);
    const line = countUpTo(this.#starts, at);
    const start = this.#starts[line - 1] ?? 0;
    const wide = countUpTo(this.#wide, at - 1) - countUpTo(this.#wide, start - 1);
    const column = at - start - wide + 1;
    return { ...(this.#file === undefined ? {} : { file: this.#file }), line, column };
  }
}

/** The count of sorted numbers that are at most `limit`. */
function countUpTo(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
