import { runCommandLine } from '../src/adapter.ts';
import type { Command, CommandEntry } from '../src/command.ts';
import { outputText } from '@typekro/app/text';

/** Exit code and output of a command. */
export interface CommandRun {
  readonly code: number;
  /** The standard output. */
  readonly out: string;
  /** The standard error. */
  readonly err: string;
}

/** Converts commands to entries, as in the list of commands of the command line. */
export const entriesOf = (commands: readonly (Command | CommandEntry)[]): CommandEntry[] =>
  commands.map((each) => ('load' in each ? each : { name: each.name, summary: '', load: () => Promise.resolve(each) }));

/**
 * Returns a function that runs command lines in this process. Spaces separate the words of a line. The second argument
 * of the function is the standard input.
 *
 * @param columns the width of the terminal; without it, the output is not a terminal
 * @param errorColumns the width of the terminal for the standard error; default: `columns`
 */
export function commandRunner(
  commands: readonly (Command | CommandEntry)[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>> = {},
  columns?: number,
  errorColumns: number | undefined = columns,
): (line: string | readonly string[], stdin?: string) => Promise<CommandRun> {
  return async (line, stdin = '') => {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await runCommandLine(entriesOf(commands), '0', typeof line === 'string' ? line.split(' ') : line, {
      cwd,
      env,
      print: (text, form) => void out.push(outputText(text, { form, isTerminal: columns !== undefined })),
      printError: (text) => void err.push(text),
      errorColumns,
      readInput: () => Promise.resolve(stdin),
      signal: new AbortController().signal,
      ...(columns === undefined ? {} : { terminal: { columns, rows: 50, write: (text) => void out.push(text) } }),
    });
    return { code, out: out.join('\n'), err: err.join('\n') };
  };
}
