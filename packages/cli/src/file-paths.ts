import type { Stats } from 'node:fs';
import { statSync } from 'node:fs';
import { isAbsolute, sep } from 'node:path';
import { errorCode } from '@typekro/kit/core';

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
