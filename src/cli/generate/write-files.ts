import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What happened to a file, or would happen. */
export interface FileChange {
  readonly path: string;
  readonly change: 'created' | 'changed' | 'unchanged';
}

/** Compares texts with the files of a folder and, unless it is only a check, writes those that differ. */
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
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    return { path, change: before === undefined ? 'created' : 'changed' };
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
