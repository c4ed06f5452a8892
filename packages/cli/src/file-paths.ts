import { type Stats, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { errorCode, TypeKroError } from '@typekro/kit/core';

/** Does a path that `relative` returned lead out of the folder? A name such as `..app.ts` stays inside. */
export const isOutside = (path: string): boolean => path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);

const NO_FILE: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'EACCES',
  'EPERM',
]);

/** Does the error of the file system mean that a path has no file, or that this user may not reach the file? */
export const isNoFile = (error: unknown): boolean => NO_FILE.has(errorCode(error));

/**
 * Returns the state of a file or folder; `undefined` when the path leads to none, or this user may not reach it.
 * Despite `throwIfNoEntry`, `statSync` itself throws for circular links and for names that are too long.
 *
 * @throws the error of the file system for any other reason, as for a disk that cannot be read.
 */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw error;
  }
}

/**
 * Returns the path of a file or folder relative to a folder, with symbolic links resolved; `.` for the folder itself,
 * and `undefined` for a path outside of it. The folder may be a link itself, and need not exist.
 */
export function pathInside(folder: string, name: string): string | undefined {
  const home = realPath(resolve(folder));
  const inside = relative(home, realPath(resolve(home, name)));
  return isOutside(inside) ? undefined : inside === '' ? '.' : inside;
}

/**
 * Resolves the symbolic links of the path, also those whose target does not exist. Keeps the rest of a path that cannot
 * be resolved: a name that is too long, a circle of links, or the content of a folder that the user may not read.
 */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    // Reading a path that cannot be resolved fails with the same error, so the path gives no access to a file outside
    // of the root.
    if (!isNoFile(error) || dirname(path) === path) throw error;
    // The links of a circle have no end.
    const target = errorCode(error) === 'ELOOP' ? undefined : linkTarget(path);
    const folder = realPath(dirname(path));
    return target === undefined ? join(folder, basename(path)) : realPath(resolve(folder, target));
  }
}

/** Returns the target of a symbolic link, or `undefined` for a path that is not a link. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errorCode(error) === 'EINVAL' || isNoFile(error)) return undefined;
    throw error;
  }
}

/**
 * Returns the name of a file in messages: the path relative to `cwd`. The path stays absolute if the file is outside of
 * `cwd` and the user named it with an absolute path.
 *
 * @param path the absolute path
 * @param cwd the user's working directory
 * @param given the argument of the user: the file, or a folder that contains it
 */
export function shownName(path: string, cwd: string, given: string): string {
  const short = relative(cwd, path);
  if (short === '') return given;
  return isAbsolute(given) && isOutside(short) ? path : short;
}

/** The error for a name without a file or folder. */
export const noFileOrFolder = (name: string, path: string): TypeKroError =>
  new TypeKroError(`there is no file or folder ${name}`, {
    code: 'input/not-found',
    remedy: `check the name; the full path is ${path}`,
  });
