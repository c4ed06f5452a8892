import type { LogLine } from '../pod-logs.ts';

/** The options of a log request: which part of the log is returned, and how it is formatted. */
export interface LogOptions {
  readonly tailLines: number | undefined;
  /** The time of the first line to return, in milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly limitBytes: number | undefined;
  readonly timestamps: boolean;
  readonly follow: boolean;
}

/** The length from which on formatted text is passed on, and the maximum length of a part of a line, in characters. */
const MAX_PART = 16 * 1024;

/** A place in a log. Only the text that is read is formatted, so that a reader of a long log needs no copy of it. */
export class LogCursor {
  readonly #lines: readonly LogLine[];
  readonly #options: LogOptions;
  #next: number;
  /** The offset in the text of the next line. */
  #offset = 0;
  #end: number;
  #bytesLeft: number;
  #latest = { time: NaN, prefix: '' };

  /** `lines` may get further lines at its end. They are read, too, if the log is followed. */
  constructor(lines: readonly LogLine[], options: LogOptions) {
    const { tailLines = Infinity, limitBytes = Infinity } = options;
    this.#lines = lines;
    this.#options = options;
    this.#end = options.follow ? Infinity : lines.length;
    this.#bytesLeft = limitBytes;
    this.#next = tailLines === Infinity ? 0 : lines.length;
    for (let left = tailLines; left > 0 && this.#next > 0;) {
      this.#next -= 1;
      const line = lines[this.#next];
      if (line !== undefined && this.#selects(line)) left -= this.#takeLast(line.text, left);
    }
  }

  /** Is there nothing more to read, even if the log gets further lines? */
  get isAtEnd(): boolean {
    return this.#bytesLeft <= 0 || this.#next >= this.#end;
  }

  /** Yields the formatted lines from this place on, in parts. The place is then after the part. */
  *lines(): Generator<Buffer> {
    let text = '';
    while (!this.isAtEnd) {
      const line = this.#lines[this.#next];
      if (line === undefined) break;
      this.#next += 1;
      const offset = this.#offset;
      this.#offset = 0;
      if (!this.#selects(line)) continue;
      for (const part of this.#parts(line, offset)) {
        text += part;
        if (text.length < MAX_PART) continue;
        yield this.#bytes(text);
        text = '';
        if (this.#bytesLeft <= 0) return;
      }
    }
    if (text !== '') yield this.#bytes(text);
  }

  /** Moves the place after the first `count` lines were replaced by one. */
  replaced(count: number): void {
    if (this.#next < count) this.#offset = 0;
    this.#next = Math.max(0, this.#next - count + 1);
    this.#end = Math.max(0, this.#end - count + 1);
  }

  #bytes(text: string): Buffer {
    const bytes = Buffer.from(text).subarray(0, this.#bytesLeft);
    this.#bytesLeft -= bytes.length;
    return bytes;
  }

  /** The time before a line. Many lines have the same time. */
  #prefixOf(time: number): string {
    if (!this.#options.timestamps) return '';
    if (time !== this.#latest.time)
      this.#latest = { time, prefix: `${new Date(time).toISOString().replace('Z', '000000Z')} ` };
    return this.#latest.prefix;
  }

  #selects({ time }: LogLine): boolean {
    return this.#options.since === undefined || time >= this.#options.since;
  }

  /** Sets the offset before the last `count` lines of a text. Returns how many lines the text has from there on. */
  #takeLast(text: string, count: number): number {
    let [start, taken] = [text.length + 1, 0];
    while (start > 0 && taken < count) {
      start = start === 1 ? 0 : text.lastIndexOf('\n', start - 2) + 1;
      taken += 1;
    }
    this.#offset = start;
    return taken;
  }

  *#parts({ time, text }: LogLine, offset: number): Generator<string> {
    const prefix = this.#prefixOf(time);
    for (let start = offset; ;) {
      let end = start + MAX_PART;
      // A surrogate pair is not split.
      if ((text.codePointAt(end - 1) ?? 0) > 0xffff) end += 1;
      const part = text.slice(start, end).replaceAll('\n', `\n${prefix}`);
      yield `${start === offset ? prefix : ''}${part}${end < text.length ? '' : '\n'}`;
      if (end >= text.length) return;
      start = end;
    }
  }
}
