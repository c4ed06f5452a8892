import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { cryptoLibrary, writeUserFile } from '@typekro/kit/core';

/**
 * Writes the content into the file at a path. A regular file is replaced in one step, and links to it are kept. A
 * device, a pipe, and a file that the process has open (`/dev/stdout`, `/dev/fd/3`) get the content after what is there.
 *
 * @param mode of a regular file. By default, an existing file keeps its mode.
 * @returns whether the path has a regular file, with this content alone
 * @throws NodeJS.ErrnoException. A regular file then has its old content.
 */
export async function writeInto(path: string, content: string | Uint8Array, mode?: number): Promise<boolean> {
  const target = finalTarget(path);
  const [isOpen, own] = OPEN_FILE.exec(target) ?? [];
  const before = statSync(target, { throwIfNoEntry: false });
  if (isOpen === undefined && (before === undefined || before.isFile() || before.isDirectory())) {
    // A user protects a file by its mode, and a rename needs only the right to write to the folder.
    if (before?.isFile() === true) accessSync(target, constants.W_OK);
    replaceWhole(target, content, mode ?? before?.mode);
    return true;
  }
  // The position in a file is that of the descriptor, and a socket has no path.
  if (own !== undefined && before?.isFile() === true) writeFileSync(Number(own), content);
  else if (before?.isSocket() === true && (own === '1' || own === '2')) {
    const file = own === '1' ? 1 : 2;
    await new Promise<void>((written, reject) =>
      writeOutput(file, content, (error) => (error ? reject(error) : written())),
    );
  } else await writeUserFile(target, content);
  return false;
}

/** Matches the path of an open file of this process, whose number is the group, or of another one. */
const OPEN_FILE = new RegExp(`^/(?:dev|proc/${process.pid}(?:/task/\\d+)?)/fd/(\\d+)$|^/proc/.+/fd/\\d+$`);

/** Follows links up to a file, to a path without one, or to the path of an open file. */
function finalTarget(path: string): string {
  // This call throws for a circle of links.
  statSync(path, { throwIfNoEntry: false });
  for (let target = path; ;) {
    const folder = realpathSync(dirname(target));
    const entry = join(folder, basename(target));
    const isLink = lstatSync(entry, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (!isLink || OPEN_FILE.test(entry)) return entry;
    target = resolve(folder, readlinkSync(entry));
  }
}

/**
 * Replaces the file at a path, or a link there, in one step: writes a new file and renames it. If this fails, the old
 * content is kept, and no file is left behind.
 *
 * @param mode of the file. Default: 0o666 without the bits of the process's umask.
 */
export function replaceWhole(path: string, content: string | Uint8Array, mode?: number): void {
  // The name is random, because a fixed name could already exist: left by a killed process, or used by another
  // container with the same process id.
  const draft = join(dirname(path), `.typekro-${cryptoLibrary().randomUUID()}`);
  const file = openSync(draft, 'wx', mode);
  try {
    try {
      // The umask of the process removes bits from the mode of a new file.
      if (mode !== undefined) fchmodSync(file, mode & 0o7777);
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Writes to the standard output (1) or error (2), also when the `write` of its stream is replaced. When a full disk
 * takes only a part, Node's own stream drops the rest without an error.
 */
export function writeOutput(file: 1 | 2, content: string | Uint8Array, done?: (error?: Error | null) => void): void {
  const stream = file === 1 ? process.stdout : process.stderr;
  if (!fstatSync(file).isFile()) {
    Writable.prototype.write.call(stream, content, 'utf8', done);
    return;
  }
  try {
    writeFileSync(file, content);
  } catch (error) {
    stream.emit('error', error);
  }
  done?.();
}
