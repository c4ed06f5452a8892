import type { CommandContext } from './command.ts';
import { wordsFromName } from './command-options.ts';
import { packageVersion } from './package-version.ts';
import { type RunWords, runProcess } from './process/run-process.ts';
import { limitHeapGrowth } from './process/small-heap.ts';
import { wantsHelp } from './command-words.ts';

const run: RunWords = async (context, args, onWriter) => {
  const [name, ...rest] = wordsFromName(args);
  if (name === 'controller' && !wantsHelp(rest)) return runController(context, rest);
  const [{ runCommandLine }, { commands }] = await Promise.all([import('./adapter.ts'), import('./commands/index.ts')]);
  const entry = commands.find((each) => each.name === name);
  if (entry?.writes === true) onWriter();
  if (entry?.readsMany === true) limitHeapGrowth();
  return runCommandLine(commands, packageVersion(), args, context);
};

/** The command `controller` parses its own arguments, so that the process does not load the other commands. */
async function runController(context: CommandContext, words: readonly string[]): Promise<number> {
  const { runControllerWords } = await import('./run-controller-words.ts');
  return runControllerWords(context, words);
}

/**
 * Runs the command of the process, and ends the process with the exit code of the command, of a failed output or of a
 * signal.
 */
export const main = (): void => runProcess(run);
