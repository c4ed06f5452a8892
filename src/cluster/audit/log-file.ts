import { closeSync, fstatSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { isoTime, makeDirectory, TypeKroError } from '../../core/index.ts';
import type { AuditOptions } from '../audit-options.ts';
import type { ClusterClock } from '../clock.ts';

const MEGABYTE_BYTES = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_MAX_SIZE_MB = 100;
const STANDARD_OUTPUT = 1;

/** The time in the name of a renamed file, and its length with the dash before it. */
const TIME = /-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3})/;
const TIME_LENGTH = '-2026-01-01T00-00-00.000'.length;

/**
 * A file that lines are added to. A file that is too large gets the time into its name, and a new one begins. Old files
 * are removed by their number and their age. Only the user may read the files.
 */
export class LogFile {
  readonly #path: string;
  readonly #limits: Pick<AuditOptions, 'maxAgeDays' | 'maxBackups' | 'maxSizeMb'>;
  readonly #clock: Pick<ClusterClock, 'now'>;
  #file: number | undefined;
  #size = 0;

  /**
   * Opens the file, and creates its folder when it is missing. `-` is the standard output.
   *
   * @throws TypeKroError `cluster/audit-log`.
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
      throw new TypeKroError(`the audit log ${path} cannot be written: ${(error as Error).message}`, {
        code: 'cluster/audit-log',
        remedy: 'name a file in a folder that you may write to',
        cause: error,
      });
    }
  }

  /** Adds a line. Throws when the file system does. */
  append(line: string): void {
    if (this.#file === undefined) return;
    const bytes = Buffer.from(`${line}\n`);
    const maxBytes = (this.#limits.maxSizeMb || DEFAULT_MAX_SIZE_MB) * MEGABYTE_BYTES;
    if (this.#path !== '-' && this.#size > 0 && this.#size + bytes.length > maxBytes) this.#rotate();
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    this.#size += bytes.length;
  }

  close(): void {
    if (this.#file !== undefined && this.#path !== '-') closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): void {
    this.#file = this.#path === '-' ? STANDARD_OUTPUT : openSync(this.#path, 'a', 0o600);
    this.#size = this.#path === '-' ? 0 : fstatSync(this.#file).size;
  }

  #rotate(): void {
    this.close();
    renameSync(this.#path, this.#backupName());
    this.#open();
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

  /** The name that the present file gets when it is renamed. No other file has it, even when the clock stands still. */
  #backupName(): string {
    const { stem, extension } = this.#parts;
    const taken = new Set(this.#backups());
    for (let now = this.#clock.now(); ; now++) {
      const time = isoTime(now).slice(0, -1).replaceAll(':', '-');
      const path = join(dirname(this.#path), `${stem}-${time}${extension}`);
      if (!taken.has(path)) return path;
    }
  }

  /** The time in the name of a renamed file. */
  #timeOf(path: string): number {
    const [day = '', time = ''] = (TIME.exec(path)?.[1] ?? '').split('T');
    return Date.parse(`${day}T${time.replaceAll('-', ':')}Z`);
  }

  /** The renamed files, the latest first. */
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
