import type { FilePosition } from '@typekro/kit/core';

/** Code that is inserted into a module. It contains no line breaks. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
  /** At the same offset, closing insertions precede statements, and statements precede opening insertions. */
  readonly kind: 'close' | 'statement' | 'open';
}

/** A source map in the format that tools read. */
export interface SourceMapData {
  readonly version: 3;
  readonly sources: string[];
  readonly sourcesContent?: string[];
  readonly names: string[];
  readonly mappings: string;
}

const ORDER = { close: 0, statement: 1, open: 2 } as const;

/** Sorts insertions by offset and kind. Insertions of the same kind at the same offset keep their order. */
export function inOrder(insertions: readonly Insertion[]): Insertion[] {
  return [...insertions].sort((a, b) => a.at - b.at || ORDER[a.kind] - ORDER[b.kind]);
}

/** Inserts all insertions into the text. */
export function insertAll(code: string, ordered: readonly Insertion[]): string {
  let result = '';
  let end = 0;
  for (const { at, text } of ordered) {
    result += code.slice(end, at) + text;
    end = at;
  }
  return result + code.slice(end);
}

/** Finds the line and the column of an offset. Line terminators are those of JavaScript. */
export class LineTable {
  private readonly starts: number[] = [0];
  private last = 0;

  constructor(code: string) {
    for (const { index, 0: end } of code.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) this.starts.push(index + end.length);
  }

  /** The line and the column of an offset, both counted from 0. */
  at(offset: number): { readonly line: number; readonly column: number } {
    // Fast path: most calls concern the line of the previous call.
    const isLast = (this.starts[this.last] as number) <= offset && offset < (this.starts[this.last + 1] ?? Infinity);
    let low = isLast ? this.last : 0;
    let high = isLast ? this.last : this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    this.last = low;
    return { line: low, column: offset - (this.starts[low] as number) };
  }
}

/**
 * The source map from the edited text to the author's text. It has a segment for each token offset whose position in
 * the author's text is known.
 */
export function mapEdited(
  offsets: readonly number[],
  ordered: readonly Insertion[],
  lines: LineTable,
  authorOf: (offset: number) => FilePosition | undefined,
): { readonly sources: string[]; readonly mappings: string } {
  const sources: string[] = [];
  let mappings = '';
  let line = 0;
  let shift = 0;
  let next = 0;
  let isFirst = true;
  const last = { column: 0, source: 0, line: 0, sourceColumn: 0 };
  for (const offset of offsets) {
    const place = lines.at(offset);
    if (place.line > line) {
      mappings += ';'.repeat(place.line - line);
      line = place.line;
      last.column = 0;
      isFirst = true;
      shift = 0;
    }
    for (; next < ordered.length && (ordered[next] as Insertion).at <= offset; next++) {
      const { at, text } = ordered[next] as Insertion;
      if (lines.at(at).line === line) shift += text.length;
    }
    const author = authorOf(offset);
    if (author === undefined) continue;
    let source = sources.indexOf(author.file);
    if (source < 0) source = sources.push(author.file) - 1;
    const column = place.column + shift;
    mappings +=
      (isFirst ? '' : ',') +
      encodeVlq(column - last.column) +
      encodeVlq(source - last.source) +
      encodeVlq(author.line - 1 - last.line) +
      encodeVlq(author.column - 1 - last.sourceColumn);
    Object.assign(last, { column, source, line: author.line - 1, sourceColumn: author.column - 1 });
    isFirst = false;
  }
  return { sources, mappings };
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Encodes a number in the base-64 VLQ form of source maps: the sign is the lowest bit, and each digit has five bits.
 */
export function encodeVlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit] as string;
  } while (rest > 0);
  return text;
}
