import { TypeKroError } from '../core/index.ts';
import type { CommandContext } from './command.ts';
import { ExitCode } from './command.ts';
import { withShortValues } from './short-values.ts';

/**
 * Prints the error that ended a command, and returns the exit code. Only internal errors get a stack trace. After an
 * interrupt nothing is printed.
 */
export function printFailure(error: unknown, context: CommandContext): number {
  if (context.signal.aborted) return ExitCode.interrupted;
  if (error instanceof TypeKroError) {
    context.printError(`error: ${withShortValues(error.format())}`);
    return error.code.startsWith('cli/') ? ExitCode.usage : ExitCode.failed;
  }
  context.printError(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  context.printError('This is a fault of typekro, not of your input. Please report it with the lines above.');
  return ExitCode.failed;
}
