import { TypeKroError } from '@typekro/kit/core';
import { type CommandContext, ExitCode, READER_ENDED } from './command.ts';
import { withShortValues } from '@typekro/app/text';

/**
 * Prints the error that ended a command, and returns the exit code. With `--debug`, the stack of an internal error is
 * printed. After an interrupt,
 * and when the reader of an output has ended, nothing is printed.
 */
export function printFailure(error: unknown, context: CommandContext): number {
  if (context.signal.aborted) return ExitCode.interrupted;
  if (error instanceof TypeKroError) {
    if (error.code === READER_ENDED) return ExitCode.interrupted;
    context.printError(`error: ${withShortValues(error.format())}`);
    return error.code.startsWith('cli/') ? ExitCode.usage : ExitCode.failed;
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error) };
  context.printError(`internal error: ${(context.debug === true ? stack : undefined) ?? message}`);
  context.printError(
    context.debug === true
      ? `This is a fault of typekro, not of your input. Please report it with the lines above: ${ISSUES}`
      : `This is a fault of typekro, not of your input.\n  hint: run the same command with --debug, and report the lines that it prints: ${ISSUES}`,
  );
  return ExitCode.failed;
}

/** The URL for bug reports. */
const ISSUES = 'https://github.com/yehudacohen/typekro/issues';
