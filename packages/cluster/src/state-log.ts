import { type Stats, closeSync, constants, ftruncateSync, lstatSync, mkdirSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, NO_FOLLOW, openRegularFile } from '@typekro/kit/core';

/**
 * The log file of a cluster's state. Its lines are the changes since the state file in the same directory was written.
 */
export class LogFile {
  readonly path: string;
  readonly #statePath: string;
  #file: number | undefined;
  #size = 0;
  /**
   * Identifies the files that this process has opened, because another program may replace them. `undefined` while the
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

  /** Makes an empty log, before the state file exists. */
  create(): void {
    this.#open();
  }

  /**
   * Truncates the log to its first `size` bytes, so that the next line follows these bytes. An open file is not opened
   * again, because the process may have no free file descriptor. If this fails while the file is open, the log does not
   * change.
   */
  continueAt(size: number): void {
    if (this.#isClosed) return;
    const log = lstatSync(this.path, { throwIfNoEntry: false });
    const isOpen = log !== undefined && identityOf(log) === this.#own?.log;
    const file = isOpen && this.#file !== undefined ? this.#file : this.#open();
    ftruncateSync(file, size);
    this.#size = size;
    this.#own = { log: identityOf(lstatSync(this.path)), state: identityOf(lstatSync(this.#statePath)) };
  }

  /**
   * Prepares the next line: removes an incomplete line that a failed write has left. Returns false when a file is
   * missing, the state was replaced, or the log lacks lines; the caller must then write both files again. If another
   * program has removed the directory, this call creates it again.
   *
   * @throws Error `ESTALE` when another log is at the path: a later process has taken it over.
   */
  isWhole(): boolean {
    if (this.#isClosed) return true;
    const log = lstatSync(this.path, { throwIfNoEntry: false });
    const state = lstatSync(this.#statePath, { throwIfNoEntry: false });
    if (log === undefined || state === undefined) {
      makeMissing(dirname(this.path));
      return false;
    }
    if (this.#file === undefined || this.#own === undefined) return false;
    if (identityOf(log) !== this.#own.log) throw Object.assign(new Error(TAKEN_OVER), { code: 'ESTALE' });
    if (identityOf(state) !== this.#own.state || log.size < this.#size) return false;
    if (log.size > this.#size) ftruncateSync(this.#file, this.#size);
    return true;
  }

  /**
   * Appends a line. Does nothing after `close()`. A failed write may leave an incomplete line. Throws when the last
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
    this.#file = openRegularFile(this.path, APPEND, 0o600);
    return this.#file;
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Writes a content to a file. Returns the number of bytes written. */
export function writeAll(file: number, content: string | Buffer): number {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
  return bytes.length;
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW;

const TAKEN_OVER = 'another process has taken over this file';

const identityOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/** Creates a directory, but not its parents. If a user has removed the parent, the directory must not come back. */
function makeMissing(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') throw thrown;
  }
}
