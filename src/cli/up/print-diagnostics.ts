import type { Diagnostic } from '../../core/index.ts';
import { formatDiagnostic } from '../../core/index.ts';
import type { CommandContext } from '../command.ts';

/** Prints problems with excerpts of the files, cut to the width of the standard error, and a count of several. */
export function printDiagnostics(
  context: CommandContext,
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
): void {
  context.results?.diagnostics(diagnostics);
  for (const diagnostic of diagnostics) {
    const { file } = diagnostic.source ?? {};
    const text = file === undefined ? undefined : texts.get(file);
    context.printError(`${formatDiagnostic(diagnostic, text, context.errorColumns)}\n`);
  }
  if (diagnostics.length < 2) return;
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  context.printError(`${count(errors, 'error')}, ${count(diagnostics.length - errors, 'warning')}`);
}

/** A number with its noun: `1 error`, `2 errors`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
