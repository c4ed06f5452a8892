import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from '../write-file.ts';

/** The change of a file that was made, or in a check would be made. */
export interface FileChange {
  readonly path: string;
  readonly change: 'created' | 'changed' | 'unchanged';
}

/** Compares texts with the files of a folder. Unless it is only a check, writes the files that differ. */
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

/** Errors for a missing file, and for a path from which no text can be read. */
const UNREADABLE: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'EACCES']);

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // The write then fails for the same reason, with a better message.
    if (UNREADABLE.has((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}
