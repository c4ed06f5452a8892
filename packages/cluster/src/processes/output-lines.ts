import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** The maximum number of characters of a line. A longer line is split into several lines. */
const MAX_LINE_CHARACTERS = 256 * 1024;

/** The maximum number of bytes that a slowed stream reads within `WINDOW_MS`. After that, the stream is paused. */
const MAX_WINDOW_BYTES = 512 * 1024;
const WINDOW_MS = 100;

/** Splits chunks of output into lines. */
export class LineCutter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #write: (line: string) => void;
  #rest = '';

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) this.#writeLine(line);
    this.#rest = this.#writeFullPieces(last);
  }

  /** Writes the last line, which has no line break at its end. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') this.#writeLine(rest);
  }

  #writeLine(line: string): void {
    this.#write(this.#writeFullPieces(line));
  }

  /** Writes full lines while the text is longer than a line may be, and returns the rest. */
  #writeFullPieces(text: string): string {
    let start = 0;
    while (text.length - start > MAX_LINE_CHARACTERS) {
      let end = start + MAX_LINE_CHARACTERS;
      // A surrogate pair is not split.
      if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1;
      this.#write(text.slice(start, end));
      start = end;
    }
    return text.slice(start);
  }
}

/** The output of a process, which its reader may pause. */
export interface HeldOutput {
  pause(): void;
  resume(): void;
}

/**
 * Forwards the output of a process. With `isSlowed`, a process that writes too fast must wait, so that the cluster
 * remains responsive. Without `isSlowed`, only the reader pauses the output.
 */
export function readOutput(
  stream: Readable,
  isSlowed: boolean,
  onChunk: (chunk: Buffer) => void,
  onEnd: () => void,
): HeldOutput {
  let windowBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let isHeld = false;
  const flow = () => {
    if (isHeld || (isSlowed && windowBytes > MAX_WINDOW_BYTES)) stream.pause();
    else stream.resume();
  };
  stream.on('data', (chunk: Buffer) => {
    windowBytes += chunk.length;
    onChunk(chunk);
    timer ??= setTimeout(() => {
      timer = undefined;
      windowBytes = 0;
      flow();
    }, WINDOW_MS);
    flow();
  });
  // An error of the pipe counts as the end of the output.
  stream.on('error', () => undefined);
  stream.on('close', () => {
    clearTimeout(timer);
    onEnd();
  });
  const hold = (held: boolean) => {
    isHeld = held;
    flow();
  };
  return { pause: () => hold(true), resume: () => hold(false) };
}
