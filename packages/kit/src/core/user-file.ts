/**
 * Opens, reads and writes the files that a user names. No other module of `packages/` opens a file for reading with
 * `node:fs` (`scripts/vocabularies.mjs`).
 *
 * The open of a named pipe waits for a program at the other end. This wait cannot be interrupted: it blocks the process
 * or one of Node's threads, and handlers of signals do not run or cannot end the process. Every open here therefore
 * has `O_NONBLOCK`, and a pipe is read and written through the event loop.
 */
import { setMaxListeners } from 'node:events';
import { type Readable, addAbortSignal, Readable as ReadableStream } from 'node:stream';
import { closeSync, constants, createReadStream, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { netLibrary, ttyLibrary } from './libraries.ts';
import { fileURLToPath } from 'node:url';
import { errorCode } from './error.ts';

/**
 * The maximum size of an input, in bytes. It is far above the sum of the objects that a file can hold: without a limit,
 * an endless device or pipe would fill the memory.
 */
export const MAX_INPUT_BYTES = 256 * 1024 * 1024;

/** The maximum size of the input from a device, which can be a terminal, or be endless. */
const MAX_DEVICE_BYTES = 16 * 1024 * 1024;

/** Ends the waits for pipes and terminals. `undefined` in a process that no command runs in. */
let interrupt: AbortSignal | undefined;

/** Makes a signal end each read and write of a pipe or a terminal in this process, with an `AbortError`. */
export function interruptFiles(signal: AbortSignal): void {
  // Each file that is read at the same time listens to the signal.
  setMaxListeners(0, signal);
  interrupt = signal;
}

/** Opens a file, a device or a pipe. Does not wait for the other end of a pipe. Windows does not have the flag. */
function openNow(path: string, flags: number, mode?: number): number {
  return openSync(path, flags | (constants.O_NONBLOCK ?? 0), mode);
}

/**
 * Opens a regular file. Does not wait.
 *
 * @param flags as in `constants` of `node:fs`
 * @param mode of a new file. Default: 0o666 without the bits of the process's umask.
 * @returns the file descriptor
 * @throws NodeJS.ErrnoException: EISDIR for a folder, and ENOTSUP for a pipe or a device.
 */
export function openRegularFile(path: string, flags: number, mode?: number): number {
  const file = openNow(path, flags, mode);
  const stats = fstatSync(file);
  if (stats.isFile()) return file;
  closeSync(file);
  throw stats.isDirectory()
    ? Object.assign(new Error(`EISDIR: ${path} is a folder`), { code: 'EISDIR', path })
    : Object.assign(new Error('it is a pipe or a device, not a regular file'), { code: 'ENOTSUP', path });
}

/**
 * Refuses a symbolic link, with ELOOP, when a file is opened that this program has made for itself, such as the state of
 * a cluster: the link can come with a project of another person. Windows has no such flag.
 */
export const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Reads a regular file. Throws the errors of `openRegularFile`.
 *
 * @param flags in addition to those of a read
 */
export function readRegularFile(path: string, flags: number = 0): Buffer {
  const file = openRegularFile(path, constants.O_RDONLY | flags);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a file, a device or a pipe to its end. For a pipe such as `<(command)`, waits until its writer closes it.
 *
 * @param maxBytes the maximum size, for a device at most 16 MiB. Default: `MAX_INPUT_BYTES`.
 * @throws NodeJS.ErrnoException, or an Error without a code when the input is longer.
 * @throws AbortError when the signal of `interruptFiles` aborts first.
 */
export async function readUserFile(path: string, maxBytes: number = MAX_INPUT_BYTES): Promise<Buffer> {
  const fd = openNow(path, constants.O_RDONLY);
  const limit = fstatSync(fd).isCharacterDevice() ? Math.min(maxBytes, MAX_DEVICE_BYTES) : maxBytes;
  const input = isWaiting(fd) ? duplexOf(fd, 'read') : createReadStream('', { fd });
  return readWhole(interrupt === undefined ? input : addAbortSignal(interrupt, input), limit);
}

/**
 * Writes the content into a device, a pipe, or an open file, after what is there.
 *
 * @throws NodeJS.ErrnoException: ENXIO for a pipe that no program reads.
 * @throws AbortError when the signal of `interruptFiles` aborts while a pipe does not accept the content.
 */
export async function writeUserFile(path: string, content: string | Uint8Array): Promise<void> {
  const fd = openNow(path, constants.O_WRONLY | constants.O_APPEND);
  if (isWaiting(fd)) {
    await pipeline(ReadableStream.from([Buffer.from(content)]), duplexOf(fd, 'write'), { signal: interrupt });
    return;
  }
  try {
    writeFileSync(fd, content);
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads a stream to its end.
 *
 * @throws Error when the stream fails, or has more than `maxBytes`
 */
export async function readWhole(input: Readable, maxBytes: number = MAX_INPUT_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`it is longer than ${maxBytes / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Can a read or a write have to wait for another program or for a person? */
function isWaiting(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket() || (stats.isCharacterDevice() && ttyLibrary().isatty(fd));
}

/** The stream of a pipe or a terminal. It uses the event loop and no thread, and closes the descriptor at its end. */
function duplexOf(fd: number, use: 'read' | 'write'): Readable & NodeJS.WritableStream {
  if (ttyLibrary().isatty(fd))
    return use === 'read' ? new (ttyLibrary().ReadStream)(fd) : new (ttyLibrary().WriteStream)(fd);
  return new (netLibrary().Socket)({ fd, readable: use === 'read', writable: use === 'write' });
}

/**
 * Returns the path of a `file:` URL. `undefined` for every other string, and for a URL of a file that is not on this
 * machine, such as `file://server/a.yaml`.
 */
export function pathOfFileUrl(url: string): string | undefined {
  if (!url.startsWith('file:') || !URL.canParse(url)) return undefined;
  try {
    return fileURLToPath(url);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ERR_INVALID_FILE_URL_HOST' || code === 'ERR_INVALID_FILE_URL_PATH') return undefined;
    throw error;
  }
}
