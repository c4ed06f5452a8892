/** The position of a problem in an input file. Line and column begin at 1; columns count code points. */
export interface SourcePosition {
  /** File name as the user gave it; absent for text that came from no file. */
  readonly file?: string;
  readonly line: number;
  readonly column: number;
  /** The place where the user's code calls the function that contains this position; absent outside of functions. */
  readonly calledFrom?: SourcePosition;
}

/** A position in a file whose name is known. */
export interface FilePosition extends SourcePosition {
  readonly file: string;
}

/** Turns offsets of a string (UTF-16 units) into lines and columns (code points), both from 1, and back. */
export class LineIndex {
  readonly #text: string;
  readonly #file: string | undefined;
  readonly #starts: number[] = [0];
  /** The offsets of characters with two UTF-16 units. A column counts such a character once. */
  readonly #wide: number[] = [];

  constructor(text: string, file?: string) {
    this.#text = text;
    this.#file = file;
    for (const match of text.matchAll(/\r\n|\r|\n/g)) this.#starts.push(match.index + match[0].length);
    for (const match of text.matchAll(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)) this.#wide.push(match.index);
  }

  /** The position of an offset. For an offset beyond the end, the position of the end. */
  position(offset: number): SourcePosition {
    const at = Math.min(Math.max(offset, 0), this.#text.length);
    const line = countUpTo(this.#starts, at);
    const start = this.#starts[line - 1] ?? 0;
    const wide = countUpTo(this.#wide, at - 1) - countUpTo(this.#wide, start - 1);
    const column = at - start - wide + 1;
    return { ...(this.#file === undefined ? {} : { file: this.#file }), line, column };
  }

  /** The text of a line without its line break; `undefined` for a line beyond the end. */
  lineText(line: number): string | undefined {
    const start = this.#starts[line - 1];
    return start === undefined
      ? undefined
      : this.#text.slice(start, this.#starts[line] ?? this.#text.length).replace(/\r\n$|[\r\n]$/, '');
  }

  /**
   * The offset of a column inside the text of its line. For a column beyond the end of the line, the length of the
   * line.
   */
  offsetInLine({ line, column }: Pick<SourcePosition, 'line' | 'column'>): number {
    const text = this.lineText(line) ?? '';
    if (this.#wide.length === 0) return Math.min(text.length, Math.max(0, column - 1));
    let offset = 0;
    for (let passed = 1; passed < column && offset < text.length; passed += 1) {
      offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
    }
    return offset;
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
