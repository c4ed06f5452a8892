import type { SourcePosition } from '../core/index.ts';

/** Turns offsets of a text (UTF-16 units) into lines and columns (code points), both from 1. */
export class LineIndex {
  readonly #text: string;
  readonly #file: string | undefined;
  readonly #starts: number[] = [0];

  constructor(text: string, file?: string) {
    this.#text = text;
    this.#file = file;
    for (const match of text.matchAll(/\r\n|\r|\n/g)) this.#starts.push(match.index + match[0].length);
  }

  /** Position of an offset; beyond the end it is the end. */
  position(offset: number): SourcePosition {
    const at = Math.min(Math.max(offset, 0), this.#text.length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    const column = Array.from(this.#text.slice(this.#starts[low], at)).length + 1;
    return { ...(this.#file === undefined ? {} : { file: this.#file }), line: low + 1, column };
  }
}
