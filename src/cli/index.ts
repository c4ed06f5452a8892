/**
 * The command line. Each command is data, in a file of its own. Commands call the other rooms. `main.ts` is the
 * executable. `run.ts` owns the process: signals, streams and the exit code.
 *
 * @packageDocumentation
 */
export type { Command, CommandContext, CommandEntry, CommandInput } from './command.ts';
export { ExitCode } from './command.ts';
export { runCommandLine } from './adapter.ts';
export { commands } from './commands/index.ts';
