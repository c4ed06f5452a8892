import type { Readable } from 'node:stream';
import { type Diagnostic, TypeKroError } from '@typekro/kit/core';
import type { OutputForm } from '@typekro/app/text';
import type { ModuleLoader } from './inputs/module-loader.ts';

/** The environment of a command: its output, its input and its signal. */
export interface CommandContext {
  /** Directory against which the user's file names are resolved. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Writes one or more lines of results. Control characters are printed as escapes (`outputText`), also in a `document`
   * (YAML, JSON, source code). Only a `source` is printed unchanged to a file or a pipe.
   */
  print(text: string, form?: OutputForm): void;
  /** Writes one or more lines about problems. */
  printError(text: string): void;
  /** The width of the terminal on which problems are printed; absent for a file, a pipe, and `TERM=dumb`. */
  readonly errorColumns?: number | undefined;
  /**
   * Reads the whole standard input. Throws `TypeKroError` `input/unreadable` when it cannot be read or is not UTF-8.
   * Rejects when `signal` aborts first.
   */
  readInput(): Promise<string>;
  /** The terminal for live output; absent for a file, a pipe, and a terminal that cannot draw (`TERM=dumb`). */
  readonly terminal?: LiveTerminal;
  /** The keys of the terminal; present only when both input and output are a terminal. */
  readonly keyboard?: Keyboard;
  /** The streams for a command that speaks a protocol over standard input and output; absent for captured output. */
  readonly streams?: ProtocolStreams;
  /** Loads the user's modules. By default, this process imports them. */
  readonly loadModule?: ModuleLoader;
  /**
   * Receives results as data. If present, reports go only to this sink, and problems go to the sink and are also
   * printed.
   */
  readonly results?: ResultSink;
  /** With `--debug`, an internal error is printed with its stack. Default false. */
  readonly debug?: boolean;
  /**
   * Aborted by the first Ctrl-C, SIGTERM or SIGHUP. A command that only reads is also aborted when its output cannot be
   * written.
   */
  readonly signal: AbortSignal;
}

/** The standard input and output of the process, for messages of a protocol. */
export interface ProtocolStreams {
  readonly input: Readable;
  /** Writes a string unchanged and without a line feed. */
  write(text: string): void;
}

/** A terminal on which a block of lines can be redrawn in place. */
export interface LiveTerminal {
  readonly columns: number;
  readonly rows: number;
  /** Writes raw text, including escape sequences. */
  write(text: string): void;
}

/** Receives the results of a command. Used by a caller in the same process. */
export interface ResultSink {
  /** Receives a report as data, and the lines that the command would print. */
  report(data: object, lines: readonly string[]): void;
  /** Receives problems of files. The command prints these problems, too. */
  diagnostics(found: readonly Diagnostic[]): void;
}

/** The keys that a user presses, one by one, without Enter. */
export interface Keyboard {
  /** Calls `onKey` with each character, until the returned function is called. Ctrl-C still interrupts the command. */
  listen(onKey: (key: string) => void): () => void;
}

/** The name of the standard input in messages. The command line writes it as `-`. */
export const STANDARD_INPUT = 'standard input';

/** The code of the error of an output whose reader has ended. The command ends like an interrupted one. */
export const READER_ENDED = 'output/reader-ended';

/** The exit codes of all commands; `docs/commands.md` has the table for users. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** The user's files have errors. */
  diagnostics: 3,
  /**
   * For `plan --exit-code` and `upgrade --check`: an object would change. With these options, errors end with `failed`;
   * see `answersByExitCode`.
   */
  changes: 2,
  /**
   * For `plan --exit-code`, `upgrade --check`, `apply` and `adopt`: a change is refused or blocked. For `hand-back`:
   * there are findings.
   */
  blocked: 3,
  /** Files or objects in the cluster differ from their expected state. */
  drift: 4,
  /** Ctrl-C ended the command. */
  interrupted: 130,
  /** SIGTERM ended the command. */
  terminated: 143,
} as const;

/** An argument or option of a command. */
interface ValueSpec {
  /** The name, without the dashes of an option: `file`, `once`, `log-level`. */
  readonly name: string;
  readonly summary: string;
  /** The accepted values, for shell completion. */
  readonly choices?: readonly string[];
  /**
   * True when an empty string is a valid value. By default, an empty string is refused, because it usually comes from
   * an unset shell variable.
   */
  readonly allowsEmpty?: boolean;
}

/** A positional argument of a command. */
export interface PositionalSpec extends ValueSpec {
  readonly variadic?: boolean;
  readonly required?: boolean;
}

/** An option of a command: a switch, or an option with a string value. */
export interface OptionSpec extends ValueSpec {
  /** The short form of the option: one letter. If kubectl has the same option, the letter is the same as in kubectl. */
  readonly short?: string;
  /** The placeholder of the value in help; absent for a switch. */
  readonly value?: string;
  readonly defaultValue?: string;
  /** True when the option can be repeated. Its values are joined with commas. */
  readonly repeatable?: boolean;
  /** With this switch, the exit codes 2 and 3 are results (`changes`, `blocked`), and every error ends with 1. */
  readonly answersByExitCode?: boolean;
}

/** The parsed command line. */
export interface CommandInput {
  readonly positionals: readonly string[];
  /**
   * The values, keyed by option name. The value of a switch is `true`. An option without a value and without a default
   * is absent.
   */
  readonly options: Readonly<Record<string, string | true | undefined>>;
}

/** A command as data. Help and parsing are derived from it. */
export interface Command {
  readonly name: string;
  readonly description: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: readonly OptionSpec[];
  /** Does the command parse its options itself? If so, all words after its name are positionals. */
  readonly passThrough?: boolean;
  readonly examples: readonly { readonly command: string; readonly summary: string }[];
  /** Resolves to the exit code. Throws `TypeKroError` for errors that the user can correct. */
  run(context: CommandContext, input: CommandInput): Promise<number>;
}

/** The entry of a command in the list of all commands. The module of the command is not loaded yet. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** The heading under which help lists the command. */
  readonly group?: string;
  /**
   * The command writes to a cluster. It completes its work even when the reader of its output ends, because a partial
   * apply is worse than unread output.
   */
  readonly writes?: true;
  /**
   * The command reads the objects of many instances, or many files. Its process runs with a V8 flag that limits the
   * growth of the heap.
   */
  readonly readsMany?: true;
  /** Loads the module of the command. */
  readonly load: () => Promise<Command>;
}

/** Returns the string value of an option, or `undefined` for an absent option and for a switch. */
export function textOption(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** Do the options `--kubeconfig` or `--context` name a cluster? */
export function namesCluster(input: CommandInput): boolean {
  return textOption(input, 'kubeconfig') !== undefined || textOption(input, 'context') !== undefined;
}

/** The error for a wrong use of the command line. */
export const usageError = (message: string, remedy: string): TypeKroError =>
  new TypeKroError(message, { code: 'cli/usage', remedy });
