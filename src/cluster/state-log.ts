import type { Stats } from 'node:fs';
import { closeSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../core/index.ts';

/** The log of a cluster's state, beside the state file to which its lines belong. */
export class LogFile {
  readonly path: string;
  readonly #statePath: string;
  #file: number | undefined;
  #size = 0;
  /**
   * The files that this process writes. Another program may have put other files in their places. `undefined` while the
   * log is not open.
   */
  #own: { readonly log: string; readonly state: string } | undefined;
  #isClosed = false;

  constructor(path: string, statePath: string) {
    this.path = path;
    this.#statePath = statePath;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The size of the complete lines, in bytes. */
  get size(): number {
    return this.#size;
  }

  /**
   * Drops what follows the first `size` bytes of the log, and continues there. Opens the log only when its file is not
   * open, because the process may have no free file descriptor. When this fails with an open file, the log stays as it
   * is.
   */
  continueAt(size: number): void {
    if (this.#isClosed) return;
    const log = statSync(this.path, { throwIfNoEntry: false });
    const isOpen = log !== undefined && identityOf(log) === this.#own?.log;
    const file = isOpen && this.#file !== undefined ? this.#file : this.#open();
    ftruncateSync(file, size);
    this.#size = size;
    this.#own = { log: identityOf(statSync(this.path)), state: identityOf(statSync(this.#statePath)) };
  }

  /**
   * Prepares the next line: cuts off the part of a line that a failed write has left. Returns false when a file is
   * missing, is not the file of this process any more, or lacks lines. The caller then writes both files again. When
   * another program has removed the directory, this call makes it again.
   */
  isWhole(): boolean {
    if (this.#isClosed) return true;
    const log = statSync(this.path, { throwIfNoEntry: false });
    const state = statSync(this.#statePath, { throwIfNoEntry: false });
    if (log === undefined || state === undefined) {
      makeMissing(dirname(this.path));
      return false;
    }
    const isOwn = identityOf(log) === this.#own?.log && identityOf(state) === this.#own.state;
    if (this.#file === undefined || !isOwn || log.size < this.#size) return false;
    if (log.size > this.#size) ftruncateSync(this.#file, this.#size);
    return true;
  }

  /**
   * Appends a line. Does nothing after `close()`. A failed write may leave a part of the line. Throws when the last
   * `continueAt` could not open the log.
   */
  append(text: string): void {
    if (this.#isClosed) return;
    if (this.#file === undefined || this.#own === undefined) throw new Error(`${this.path} is not open`);
    this.#size += writeAll(this.#file, text);
  }

  close(): void {
    this.#isClosed = true;
    this.#closeFile();
  }

  #open(): number {
    this.#own = undefined;
    this.#closeFile();
    this.#file = openSync(this.path, 'a', 0o600);
    return this.#file;
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Writes a text to a file. Returns its number of bytes. */
export function writeAll(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
  return bytes.length;
}

const identityOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/** Makes a directory, but not its parents: a user who removes a whole folder wants it gone. */
function makeMissing(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') throw thrown;
  }
}
