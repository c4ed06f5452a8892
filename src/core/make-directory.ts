import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and those above it that are missing.
 *
 * Node's own recursive form asks for the parent again after each ENOENT, and never ends below a directory that exists
 * and answers ENOENT to every new name, as `/proc` does. Here each missing directory is asked for once.
 *
 * @param mode of the directories that are made. Default: as the process's umask has it.
 * @throws NodeJS.ErrnoException with the path that could not be made: ENOTDIR where a file stands in the way.
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
      // Another process may have made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || isMissing(directory)) throw error;
    }
  }
}

/**
 * Is there nothing at the path?
 *
 * @throws ENOTDIR when it, or what stands above it, is a file; what else the file system answers to a look at it.
 */
function isMissing(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return stats === undefined;
  throw Object.assign(new Error(`ENOTDIR: ${path} is a file`), { code: 'ENOTDIR', syscall: 'mkdir', path });
}
