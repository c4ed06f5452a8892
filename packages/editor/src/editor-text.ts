import type { Position, Range, TextDocumentContentChangeEvent } from 'vscode-languageserver';
import type { SourcePosition } from '@typekro/kit/core';

/** A part of a text, in UTF-16 units. */
export interface Span {
  readonly from: number;
  /** The offset after the last character. */
  readonly to: number;
}

/** A text that converts between offsets, positions of the protocol, and positions of diagnostics. Immutable. */
export class EditorText {
  readonly text: string;
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.text = text;
    const starts = [0];
    for (const end of text.matchAll(/\r\n|\r|\n/g)) starts.push(end.index + end[0].length);
    this.#starts = starts;
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  /** The offset of a position. A position outside of the text is moved to the nearest position inside. */
  offsetAt({ line, character }: Position): number {
    if (line < 0) return 0;
    const start = this.#starts[line];
    return start === undefined ? this.text.length : Math.min(start + Math.max(character, 0), this.lineEnd(line));
  }

  positionAt(offset: number): Position {
    const at = Math.min(Math.max(offset, 0), this.text.length);
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return { line: low - 1, character: at - (this.#starts[low - 1] ?? 0) };
  }

  rangeOf({ from, to }: Span): Range {
    return { start: this.positionAt(from), end: this.positionAt(to) };
  }

  spanOf({ start, end }: Range): Span {
    return { from: this.offsetAt(start), to: this.offsetAt(end) };
  }

  lineStart(line: number): number {
    return this.#starts[line] ?? this.text.length;
  }

  /** The end of a line, before its line break. */
  lineEnd(line: number): number {
    let end = this.#starts[line + 1] ?? this.text.length;
    const start = this.lineStart(line);
    if (end > start && this.text.charAt(end - 1) === '\n') end -= 1;
    if (end > start && this.text.charAt(end - 1) === '\r') end -= 1;
    return end;
  }

  lineText(line: number): string {
    return this.text.slice(this.lineStart(line), this.lineEnd(line));
  }

  /**
   * The offset of a position of a diagnostic. The columns of such a position count code points, and leave out a byte
   * order mark.
   */
  offsetOf({ line, column }: SourcePosition): number {
    const mark = line === 1 && this.text.startsWith('\uFEFF') ? 1 : 0;
    const end = this.lineEnd(line - 1);
    let offset = this.lineStart(line - 1) + mark;
    for (let passed = 1; passed < column && offset < end; passed += 1) {
      offset += (this.text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
    }
    return offset;
  }

  /** Applies changes in their order. Each change applies to the result of the changes before it. */
  changed(changes: readonly TextDocumentContentChangeEvent[]): EditorText {
    return changes.reduce<EditorText>((current, change) => {
      if (!('range' in change)) return new EditorText(change.text);
      const { from, to } = current.spanOf(change.range);
      const [start, end] = from <= to ? [from, to] : [to, from];
      return new EditorText(current.text.slice(0, start) + change.text + current.text.slice(end));
    }, this);
  }
}
