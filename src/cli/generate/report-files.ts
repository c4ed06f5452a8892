import { relative } from 'node:path';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../command.ts';
import type { FileChange } from './write-files.ts';

/** The words that `--check` prints for a file. */
const CHECKED = { created: 'missing', changed: 'differs', unchanged: 'unchanged' } as const;

/** Prints one line for each file: its change, or with `check` its state. */
export function printFiles(context: CommandContext, changes: readonly FileChange[], check: boolean): void {
  for (const { path, change } of changes)
    context.print(`${check ? CHECKED[change] : change} ${relative(context.cwd, path)}`);
}

/** The exit code for the files. With `check`, reports that files differ from `source`. */
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
