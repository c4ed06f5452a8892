/**
 * The command line: commands as data, one file a command, thin over the rooms before it. `main.ts` is the
 * executable; it owns the process (signals, streams, exit code) and nothing else.
 *
 * @packageDocumentation
 */
export type { Command, CommandContext, CommandEntry, CommandInput } from './command.ts';
export { ExitCode } from './command.ts';
export { runCommandLine } from './adapter.ts';
export { commands } from './commands/index.ts';
