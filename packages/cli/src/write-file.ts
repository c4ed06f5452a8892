import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeDirectory, printableDocument, TypeKroError } from '@typekro/kit/core';
import { type CommandContext, READER_ENDED } from './command.ts';
import { pathInside, statOf } from './file-paths.ts';
import { writeInto } from './output-file.ts';
import { shellWord } from '@typekro/app/text';

/** The codes of file system errors, in words. */
const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['EACCES', 'you may not write there'],
  ['EPERM', 'the file system does not allow it'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'no space is left on the device'],
  ['EDQUOT', 'the quota of disk space is used up'],
  ['EFBIG', 'it would be larger than the process may write'],
  ['ENOTDIR', 'a part of the path is a file, not a folder'],
  ['EEXIST', 'a part of the path is a file, or a link without a target'],
  ['EISDIR', 'a folder of that name already exists'],
  ['ENAMETOOLONG', 'a name in the path is too long'],
  ['ELOOP', 'its symbolic links lead in a circle'],
  ['ENXIO', 'it is a pipe that no program reads, a socket, or a device that is absent'],
  ['EBADF', 'the process has no open file of that number'],
]);

/** The remedies for errors that another path does not mend. */
const REMEDIES: ReadonlyMap<unknown, string> = new Map([
  ['ENOSPC', 'make room on the disk'],
  ['EDQUOT', 'make room on the disk'],
  ['EFBIG', 'raise the limit (ulimit -f)'],
]);

/** The reason for ENOENT at a symbolic link. */
const LOST_LINK = 'it is a link whose target does not exist';

/** The mode of a write, and the details of its error. */
export interface WriteDetails {
  /** The code of the error, for example `gitops/not-written`. */
  readonly code: string;
  /** The remedy to print when the file system refuses the write. */
  readonly remedy: string;
  /**
   * The permissions of the file, such as 0o600, also of an existing one. By default, a new file gets the default
   * permissions of the process, and an existing file keeps its permissions.
   */
  readonly mode?: number;
  /** The path in the error message. By default, the path of the file. */
  readonly shown?: string;
  /**
   * The folder for which the command writes the file, for example that of `--out`. A path that symbolic links lead out
   * of this folder is refused, because another person may have made the links. By default, the folder of the file, and
   * for `replaceFile`, which keeps the links of an existing file, and for `/dev/stdout` and its like none.
   */
  readonly within?: string;
  /** Is the text that of a file of the user? If not, characters that a reader cannot see are escaped. */
  readonly isSource?: boolean;
}

/**
 * Writes a file as `writeInto` does, and creates missing folders in its path.
 *
 * @param content bytes are written unchanged
 * @returns whether the path has a regular file
 * @throws TypeKroError whose message explains the reason.
 */
export async function writeFile(path: string, content: string | Uint8Array, details: WriteDetails): Promise<boolean> {
  const isText = typeof content === 'string' && details.isSource !== true;
  return withExplainedError(path, insideFolder(path, details), () => {
    makeDirectory(dirname(path));
    return writeInto(path, isText ? printableDocument(content) : content, details.mode);
  });
}

/**
 * Writes the result of a command into the file that the user names.
 *
 * @returns the function that prints lines about the file: to the standard error, if the file is not a regular one,
 *   because its content can go where the standard output goes.
 * @throws TypeKroError like `writeFile`.
 */
export async function writeResultFile(
  context: CommandContext,
  file: string,
  content: string | Uint8Array,
  details: Omit<WriteDetails, 'remedy'>,
): Promise<CommandContext['print']> {
  const path = resolve(context.cwd, file);
  const isFile = await writeFile(path, content, { remedy: 'name a file that you may write', ...details });
  return isFile ? (text, form) => context.print(text, form) : (text) => context.printError(text);
}

/**
 * Throws when the folder of a file does not exist. Call it for files that the user names, because a new folder for a
 * misspelt name would hide the mistake. Call it before the work, so that the work is not lost.
 *
 * @throws TypeKroError whose remedy contains the command that creates the folder or, if a file blocks the path, says to
 *   name another path.
 */
export function requireFolder(path: string, code: string): void {
  const folder = dirname(path);
  let stats;
  try {
    stats = statSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    throw explainedError(path, { code, remedy: 'name another place' }, error);
  }
  if (stats?.isDirectory() === true) return;
  const blocking = inTheWay(path);
  const why = blocking === undefined ? `the folder ${folder} does not exist` : `${blocking} is a file, not a folder`;
  throw new TypeKroError(`${path} cannot be written: ${why}`, {
    code,
    remedy:
      blocking === undefined
        ? `create the folder (mkdir -p ${shellWord(folder)}), or correct the name`
        : 'name another place',
  });
}

/**
 * Replaces an existing file with a text of the user. For a symbolic link, replaces its target and keeps the link.
 *
 * @throws TypeKroError like `writeFile`.
 */
export async function replaceFile(path: string, text: string, details: WriteDetails): Promise<void> {
  await withExplainedError(path, details, () => writeInto(realpathSync(path), text), 'it no longer exists');
}

/** The details of a file that the user names. The paths of open files, such as `/dev/stdout`, are links everywhere. */
const insideFolder = (path: string, details: WriteDetails): WriteDetails =>
  /^\/(?:dev|proc)\//.test(path) ? details : { within: dirname(path), ...details };

/** Runs a write. Throws the errors of `explainedError`. */
async function withExplainedError(
  path: string,
  details: WriteDetails,
  write: () => Promise<boolean>,
  missing?: string,
): Promise<boolean> {
  try {
    if (details.within !== undefined && pathInside(details.within, path) === undefined) throw leadsOut(path, details);
    return await write();
  } catch (error) {
    throw explainedError(path, details, error, missing);
  }
}

/**
 * Converts a file system error to a `TypeKroError` whose message explains the reason. Keeps other errors.
 *
 * @param missing the reason for ENOENT. The default fits a write that first creates the missing folders.
 */
export function explainedError(
  path: string,
  details: WriteDetails,
  error: unknown,
  missing = 'the file system does not allow a folder there',
): unknown {
  if (error instanceof TypeKroError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const blocking = code === 'ENOTDIR' || code === 'EEXIST' ? inTheWay(path) : undefined;
  const known = code === 'ENOENT' ? (isLink(path) ? LOST_LINK : missing) : REASONS.get(code);
  const reason = blocking === undefined ? (known ?? message) : `${blocking} is a file, not a folder`;
  const place = REMEDIES.get(code) ?? details.remedy;
  const remedy = blocking === undefined ? place : `${place}, or move ${blocking} away`;
  return new TypeKroError(`${details.shown ?? path} cannot be written: ${reason}`, {
    code: code === 'EPIPE' ? READER_ENDED : details.code,
    remedy,
    cause: error,
  });
}

const leadsOut = (path: string, { code, within, shown }: WriteDetails): TypeKroError =>
  new TypeKroError(`${shown ?? path} cannot be written: a symbolic link leads out of ${within ?? ''}`, {
    code,
    remedy: 'nothing was written there; remove the link, or name another folder',
  });

/** Returns the file that is at a position of the path where a folder is required. Devices and pipes count as files. */
function inTheWay(path: string): string | undefined {
  for (let folder = dirname(path); dirname(folder) !== folder; folder = dirname(folder)) {
    const stats = statOf(folder);
    if (stats !== undefined) return stats.isDirectory() ? undefined : folder;
  }
  return undefined;
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
