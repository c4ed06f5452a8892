/**
 * The command line. Commands are data, one file for each, and call the rooms before this one. `main.ts` is the
 * executable. `run.ts` owns the process: signals, streams and the exit code.
 *
 * @packageDocumentation
 */
export type { Command, CommandContext, CommandEntry, CommandInput } from './command.ts';
export { ExitCode } from './command.ts';
export { runCommandLine } from './adapter.ts';
export { commands } from './commands/index.ts';
