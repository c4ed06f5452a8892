import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@typekro/kit/core';

/**
 * Removes a file, or a folder with its content. Also removes folders without write permission, such as Go's module
 * cache. Throws when the system refuses the removal, or when a process writes into the folder at the same time.
 * `remove` is the function that removes a path with its content.
 */
export function removeTree(path: string, remove: (path: string) => void = removeAll): void {
  try {
    remove(path);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    openFolder(path);
    remove(path);
  }
}

const removeAll = (path: string): void => rmSync(path, { recursive: true, force: true });

/** Gives the owner write permission for a folder and all folders in it. Does not follow links or change files. */
function openFolder(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolder(join(path, entry.name));
  }
}
