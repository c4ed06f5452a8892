/**
 * The command line. Each command is a data object in its own file, and calls the other packages. `main.ts` is
 * the executable. `run.ts` chooses the command. `run-process.ts` manages signals, streams and the exit code of the
 * process.
 *
 * @packageDocumentation
 */
export { type Command, type CommandContext, type CommandEntry, type CommandInput, ExitCode } from './command.ts';
export { runCommandLine } from './adapter.ts';
export { commands } from './commands/index.ts';
