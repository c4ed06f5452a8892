import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { errorCode, isoTime, makeDirectory, NO_FOLLOW, TypeKroError } from '@typekro/kit/core';
import type { AuditOptions } from '../audit-options.ts';
import type { ClusterClock } from '../cluster-clock.ts';

const MEGABYTE_BYTES = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_MAX_SIZE_MB = 100;
const STANDARD_OUTPUT = 1;
const NEW_LINE = 0x0a;
const USER_ONLY = 0o600;

/**
 * The file is also opened for reading, to check whether its last line is complete. `O_NONBLOCK` makes a write to a full pipe fail instead of wait.
 */
const OPEN_FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW | (constants.O_NONBLOCK ?? 0);

/** Matches the time in the name of a renamed file, with the dash before it. */
const TIME = /-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3})/;
const TIME_LENGTH = '-2026-01-01T00-00-00.000'.length;

/**
 * A file to which lines are appended. When it becomes too large, it gets a new name with the time, and a new file is
 * started. Renamed files that exceed a maximum number or a maximum age are removed. Each file is readable only for its
 * owner, even if the file existed before. A symbolic link is refused. Another program can rename or remove the file
 * while it is open.
 */
export class LogFile {
  readonly #path: string;
  readonly #limits: Pick<AuditOptions, 'maxAgeDays' | 'maxBackups' | 'maxSizeMb'>;
  readonly #clock: Pick<ClusterClock, 'now'>;
  #file: number | undefined;
  #size = 0;
  #isClosed = false;

  /**
   * Opens the file, and creates its folder when it is missing. `-` means standard output.
   *
   * @throws TypeKroError `cluster/audit-log` when the file cannot be opened.
   */
  constructor(
    path: string,
    limits: Pick<AuditOptions, 'maxAgeDays' | 'maxBackups' | 'maxSizeMb'>,
    clock: Pick<ClusterClock, 'now'>,
  ) {
    this.#path = path;
    this.#limits = limits;
    this.#clock = clock;
    try {
      if (path !== '-') makeDirectory(dirname(path));
      this.#open();
    } catch (error) {
      const isLink = errorCode(error) === 'ELOOP';
      const problem = isLink ? 'it is a symbolic link' : (error as Error).message;
      throw new TypeKroError(`the audit log ${path} cannot be written: ${problem}`, {
        code: 'cluster/audit-log',
        remedy: isLink ? 'name the file itself' : 'name a file in a folder that you may write to',
        cause: error,
      });
    }
  }

  /**
   * Appends a line. Throws file system errors. If the file cannot be opened, the line is lost, and the next call tries
   * to open the file again. If the file cannot be renamed, the line is appended to the old file. Lines after `close`
   * are ignored.
   */
  append(line: string): void {
    if (this.#isClosed) return;
    const bytes = Buffer.from(`${line}\n`);
    const maxBytes = (this.#limits.maxSizeMb || DEFAULT_MAX_SIZE_MB) * MEGABYTE_BYTES;
    const isFull = this.#path !== '-' && this.#size > 0 && this.#size + bytes.length > maxBytes;
    try {
      if (isFull) this.#rotate();
    } finally {
      const file = this.#file ?? this.#open();
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      this.#size += bytes.length;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#closeFile();
  }

  #closeFile(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#size = 0;
    if (file !== undefined && this.#path !== '-') closeSync(file);
  }

  #open(): number {
    const file = this.#path === '-' ? STANDARD_OUTPUT : openSync(this.#path, OPEN_FLAGS, USER_ONLY);
    try {
      this.#size = this.#path === '-' ? 0 : prepare(file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    this.#file = file;
    return file;
  }

  #rotate(): void {
    this.#closeFile();
    try {
      renameSync(this.#path, this.#backupName());
    } catch (error) {
      // Another program, such as logrotate, has moved the file.
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    this.#open();
    this.#removeOld();
  }

  #removeOld(): void {
    const { maxBackups = 0, maxAgeDays = 0 } = this.#limits;
    const oldest = this.#clock.now() - maxAgeDays * DAY_MS;
    for (const [index, path] of this.#backups().entries()) {
      const isTooMany = maxBackups > 0 && index >= maxBackups;
      const isTooOld = maxAgeDays > 0 && this.#timeOf(path) < oldest;
      if (isTooMany || isTooOld) rmSync(path, { force: true });
    }
  }

  get #parts(): { readonly stem: string; readonly extension: string } {
    const extension = extname(this.#path);
    return { stem: basename(this.#path, extension), extension };
  }

  /** Returns an unused name for the renamed file. The name is unique even when the clock does not advance. */
  #backupName(): string {
    const { stem, extension } = this.#parts;
    const taken = new Set(this.#backups());
    for (let now = this.#clock.now(); ; now++) {
      const time = isoTime(now).slice(0, -1).replaceAll(':', '-');
      const path = join(dirname(this.#path), `${stem}-${time}${extension}`);
      if (!taken.has(path)) return path;
    }
  }

  /** Returns the time in the name of a renamed file. */
  #timeOf(path: string): number {
    const [day = '', time = ''] = (TIME.exec(basename(path))?.[1] ?? '').split('T');
    return Date.parse(`${day}T${time.replaceAll('-', ':')}Z`);
  }

  /** Returns the renamed files, latest first. */
  #backups(): string[] {
    const { stem, extension } = this.#parts;
    const folder = dirname(this.#path);
    return readdirSync(folder)
      .filter((name) => name.startsWith(stem) && name.endsWith(extension))
      .filter(
        (name) =>
          TIME.exec(name)?.index === stem.length && name.length === stem.length + extension.length + TIME_LENGTH,
      )
      .toSorted()
      .toReversed()
      .map((name) => join(folder, name));
  }
}

/**
 * Makes a file readable only for its owner, and adds a missing line break at its end. Devices and pipes keep their
 * mode. Returns the size in bytes.
 */
function prepare(file: number): number {
  const stats = fstatSync(file);
  if (!stats.isFile()) return 0;
  if ((stats.mode & 0o777) !== USER_ONLY) fchmodSync(file, USER_ONLY);
  if (stats.size === 0) return 0;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, stats.size - 1);
  return last[0] === NEW_LINE ? stats.size : stats.size + writeSync(file, '\n');
}
