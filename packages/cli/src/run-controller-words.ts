import type { CommandContext } from './command.ts';
import { controller } from './commands/controller-command.ts';
import { printFailure } from './print-failure.ts';

/** Runs the controller with the words after `controller`. Prints failures, and resolves to the exit code. */
export async function runControllerWords(context: CommandContext, words: readonly string[]): Promise<number> {
  try {
    return await controller.run(context, { positionals: words, options: {} });
  } catch (error) {
    // The stack is always printed, because an internal error may not occur again in a second run of the controller.
    return printFailure(error, { ...context, debug: true });
  }
}
