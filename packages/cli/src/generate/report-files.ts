import { relative } from 'node:path';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../command.ts';
import type { FileChange } from './write-files.ts';

/** Maps the change of a file to the word that `--check` prints. */
const CHECKED = { created: 'missing', changed: 'differs', unchanged: 'unchanged' } as const;

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
