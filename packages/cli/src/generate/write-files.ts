import { join, relative } from 'node:path';
import { writeFile } from '../write-file.ts';
import { errorCode, printableDocument, readRegularFile, TypeKroError } from '@typekro/kit/core';
import { type CommandContext, ExitCode } from '../command.ts';

/** Maps the change of a file to the word that `--check` prints. */
const CHECKED = { created: 'missing', changed: 'differs', unchanged: 'unchanged' } as const;

/** The change that was made to a file. With `check`, the change that a run without `check` would make. */
export interface FileChange {
  readonly path: string;
  readonly change: 'created' | 'changed' | 'unchanged';
}

/**
 * Compares the given texts with the files in a folder. Without `check`, writes the files that differ.
 *
 * @throws TypeKroError `generate/not-written` when a file cannot be written, `generate/not-read` when a file cannot be
 *   compared. Without `check`, a path that can be neither read nor written is `generate/not-written`.
 */
export async function writeFiles(
  folder: string,
  files: ReadonlyMap<string, string>,
  options: { readonly check: boolean },
): Promise<FileChange[]> {
  const changes: FileChange[] = [];
  for (const [name, generated] of files) {
    const path = join(folder, name);
    const text = printableDocument(generated);
    const before = readIfThere(path, options);
    const change = before === text ? 'unchanged' : before === undefined ? 'created' : 'changed';
    if (!options.check && change !== 'unchanged') {
      await writeFile(path, text, {
        code: 'generate/not-written',
        remedy: 'use --out to name a folder that you may write to',
        within: folder,
      });
    }
    changes.push({ path, change });
  }
  return changes;
}

/**
 * Error codes that a read and a write of a path have in common. Without `check`, such a read error is ignored, because
 * the write fails, too, and its error explains the reason.
 */
const WRITE_EXPLAINS: ReadonlySet<unknown> = new Set(['ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'EACCES']);

/** Reads a file; `undefined` when it is missing. */
function readIfThere(path: string, { check }: { readonly check: boolean }): string | undefined {
  try {
    return readRegularFile(path).toString();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    if (!check && WRITE_EXPLAINS.has(code)) return undefined;
    throw new TypeKroError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      code: 'generate/not-read',
      remedy: 'use --out to name a folder whose files you may read',
      cause: error,
    });
  }
}

/** Prints one line per file with its change. With `check`, prints its state instead. */
export function printFiles(context: CommandContext, changes: readonly FileChange[], check: boolean): void {
  for (const { path, change } of changes)
    context.print(`${check ? CHECKED[change] : change} ${relative(context.cwd, path)}`);
}

/** Returns the exit code for the files. With `check`, prints a message if files differ from `source`. */
export function exitOfFiles(
  context: CommandContext,
  changes: readonly FileChange[],
  check: boolean,
  source: string,
): number {
  if (!check || changes.every(({ change }) => change === 'unchanged')) return ExitCode.ok;
  context.printError(`The files differ from ${source}: run the same command without --check.`);
  return ExitCode.drift;
}
