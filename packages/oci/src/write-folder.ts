import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { cryptoLibrary, makeDirectory, TypeKroError } from '@typekro/kit/core';
import { badPackage, type PackageFile, pathProblem } from './package-file.ts';

/**
 * Writes the files of a package into a new folder, or an existing folder that is empty. All files appear at once: they
 * are written into a folder beside it, which is renamed. After a failure, such as a full disk, neither the folder nor a
 * part of it is left.
 *
 * @param shown the folder in messages
 * @throws TypeKroError `oci/folder-exists` for a folder that is not empty, a file or a link, and `oci/package` for a
 *   path that leaves the folder
 * @throws NodeJS.ErrnoException when the file system refuses a write
 */
export function writeFolder(folder: string, files: readonly PackageFile[], shown: string): void {
  const path = resolve(folder);
  const isEmptyFolder = checkFolder(path, shown);
  makeDirectory(dirname(path));
  // The name is random, because a fixed name could already exist, left by a killed process.
  const draft = join(dirname(path), `.typekro-${cryptoLibrary().randomUUID()}`);
  mkdirSync(draft);
  try {
    for (const { path: name, content } of files) {
      const why = pathProblem(name);
      if (why !== undefined) throw badPackage(`the path ${JSON.stringify(name)} is refused: ${why}`);
      const file = join(draft, ...name.split('/'));
      makeDirectory(dirname(file));
      writeFileSync(file, content, { flag: 'wx', flush: true });
    }
    // Windows does not rename over an empty folder.
    if (isEmptyFolder) rmdirSync(path);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Returns whether there is an empty folder. Throws for anything else that exists. */
function checkFolder(path: string, shown: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (stats.isDirectory() && readdirSync(path).length === 0) return true;
  throw new TypeKroError(
    `${shown} already exists${stats.isDirectory() ? ' and is not empty' : ' and is not a folder'}`,
    { code: 'oci/folder-exists', remedy: 'name a folder that does not exist, or delete this one first' },
  );
}
