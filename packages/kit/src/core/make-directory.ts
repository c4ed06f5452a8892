import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode } from './error.ts';

/**
 * Makes a directory and its missing parents.
 *
 * Node's recursive `mkdir` tries the parent again after each ENOENT. Where an existing directory reports ENOENT for
 * every new name, as `/proc` does, the recursive `mkdir` never ends. This function tries each missing directory once.
 *
 * @param mode the mode of the new directories. Default: 0o777 without the bits of the process's umask.
 * @throws NodeJS.ErrnoException with the path that could not be made: ENOTDIR when a part of the path is a file.
 */
export function makeDirectory(path: string, mode?: number): void {
  const missing: string[] = [];
  let base = resolve(path);
  while (isMissing(base) && dirname(base) !== base) {
    missing.push(base);
    base = dirname(base);
  }
  for (const directory of missing.reverse()) {
    try {
      mkdirSync(directory, mode);
    } catch (error) {
      // Another process may have made the directory in the meantime.
      if (errorCode(error) !== 'EEXIST' || isMissing(directory)) throw error;
    }
  }
}

/**
 * Is there nothing at the path?
 *
 * @throws ENOTDIR when the path, or a parent of it, is a file. Other errors of `stat`, except ENOENT, are thrown
 * unchanged.
 */
function isMissing(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return stats === undefined;
  throw Object.assign(new Error(`ENOTDIR: ${path} is a file`), { code: 'ENOTDIR', syscall: 'mkdir', path });
}
