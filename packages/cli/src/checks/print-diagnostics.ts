import { type Diagnostic, count, formatDiagnostic, grouped } from '@typekro/kit/core';
import type { CommandContext } from '../command.ts';

/**
 * Groups problems by file. Within a group, problems are sorted by line and column. The groups are in the order of their
 * first problems. Problems without a place form another group, and keep their order.
 */
export function inFileOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const byFile = grouped(diagnostics, ({ source }) => source?.file ?? '');
  return [...byFile.values()].flatMap((found) => found.toSorted(byPlace));
}

/** Compares the positions of two problems in the same file. */
export const byPlace = ({ source: one }: Diagnostic, { source: other }: Diagnostic): number =>
  (one?.line ?? 0) - (other?.line ?? 0) || (one?.column ?? 0) - (other?.column ?? 0);

/** The maximum number of errors, and of warnings, that are printed for a file. */
const MAX_PRINTED = 100;

/**
 * Prints problems in the order of their lines, with excerpts of the files. The excerpts fit the width of the terminal
 * of standard error. Prints the number of those that are left out, and after two or more problems their number.
 */
export function printDiagnostics(
  context: CommandContext,
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
): void {
  const ordered = inFileOrder(diagnostics);
  context.results?.diagnostics(ordered);
  const printed = new Map<string, number>();
  for (const diagnostic of ordered) {
    const { file } = diagnostic.source ?? {};
    const group = `${diagnostic.severity}s${file === undefined ? '' : ` in ${file}`}`;
    const number = (printed.get(group) ?? 0) + 1;
    printed.set(group, number);
    const text = file === undefined ? undefined : texts.get(file);
    if (number <= MAX_PRINTED) context.printError(`${formatDiagnostic(diagnostic, text, context.errorColumns)}\n`);
  }
  for (const [group, number] of printed) {
    if (number > MAX_PRINTED)
      context.printError(
        `… and ${number - MAX_PRINTED} more ${group}: correct the first ones; typekro lint -o json lists all\n`,
      );
  }
  if (diagnostics.length < 2) return;
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  context.printError(`${count(errors, 'error')}, ${count(diagnostics.length - errors, 'warning')}`);
}
