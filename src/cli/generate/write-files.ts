import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from '../write-file.ts';
import { errorCode } from '../../core/index.ts';

/** The change of a file. With `check`, the change that a run without `check` would make. */
export interface FileChange {
  readonly path: string;
  readonly change: 'created' | 'changed' | 'unchanged';
}

/** Compares texts with the files of a folder. Without `check`, writes the files that differ. */
export function writeFiles(
  folder: string,
  files: ReadonlyMap<string, string>,
  options: { readonly check: boolean },
): FileChange[] {
  return [...files].map(([name, text]) => {
    const path = join(folder, name);
    const before = readIfThere(path);
    if (before === text) return { path, change: 'unchanged' };
    if (!options.check) {
      writeFile(path, text, { code: 'generate/not-written', remedy: 'name a folder that you may write with --out' });
    }
    return { path, change: before === undefined ? 'created' : 'changed' };
  });
}

/** The codes of errors for a missing file and for an unreadable path. */
const UNREADABLE: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'EACCES']);

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // The write then fails for the same reason, with a better message.
    if (UNREADABLE.has(errorCode(error))) return undefined;
    throw error;
  }
}
