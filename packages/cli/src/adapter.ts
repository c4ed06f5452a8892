import { tableLines } from '@typekro/app/text';
import { type OutputConfiguration, Command as CommanderCommand, CommanderError, Option } from 'commander';
import type { TypeKroError } from '@typekro/kit/core';
import { withNegativeValues, withoutAlias } from './command-words.ts';
import {
  type Command,
  type CommandContext,
  type CommandEntry,
  type OptionSpec,
  ExitCode,
  usageError,
} from './command.ts';
import { DEBUG } from './command-options.ts';
import { printFailure } from './print-failure.ts';
import { printLines } from './instance/print-report.ts';
import { hintForCommand, isForeignCommand } from './foreign-commands.ts';

/** Returns the name that commander uses for an option in its result: `logLevel` for `log-level`. */
function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** Formats the options of a command that parses its options itself, in the layout of commander's help. */
function optionHelp({ options }: Command): string {
  const rows = options.map(({ name, value, summary }) => [
    `  --${name}${value === undefined ? '' : ` <${value}>`}`,
    summary,
  ]);
  return `\nFlags:\n${tableLines(rows).join('\n')}`;
}

/** The first commands for a new user. `typekro --help` prints them below the list of commands. */
const FIRST_STEPS = `
First steps:
  $ typekro init my-platform
      a project with a composition, a test and a workflow
  $ typekro up app.ts instance.yaml
      run it on a cluster in this process; no other cluster is needed
  $ typekro plan webapp.yaml
      what a change would do to every instance of your cluster
  $ typekro why team-a/shop
      what an instance waits for

typekro <command> --help shows the options of a command, with examples.`;

type WriteOutput = Pick<OutputConfiguration, 'writeOut' | 'writeErr' | 'outputError' | 'getOutHelpWidth'>;

/** The width of help that goes to a file or a pipe. It is also the maximum width on a terminal. */
const HELP_WIDTH = 80;

/**
 * Adds the code of usage errors to the first line of commander's message. All other errors already print their code.
 */
const withCode = (text: string): string => text.replace(/$/m, ' [cli/usage]');

/** Builds a commander program from the list of commands. No other file imports commander. */
function createProgram(
  commands: readonly CommandEntry[],
  version: string,
  argv: readonly string[],
  output: WriteOutput,
): CommanderCommand {
  const program = new CommanderCommand('typekro')
    .description('Describe Kubernetes resource graphs once; check them, run them, and know why they wait.')
    .version(version)
    .option(DEBUG, 'print the stack of an internal error; the option may stand before or after the command')
    .exitOverride()
    .showHelpAfterError(`  hint: ${hintForCommand(argv, new Set(commands.map(({ name }) => name)))}`)
    .configureOutput(output)
    // For a command of another tool, such as kubectl's `get`, the suggestion of a similar name would mislead.
    .showSuggestionAfterError(!isForeignCommand(argv))
    .addHelpText('after', FIRST_STEPS);
  for (const { name, summary, group } of commands) {
    const sub = program.command(name).summary(summary).exitOverride().configureOutput(output);
    if (group !== undefined) sub.helpGroup(`${group}:`);
  }
  return program;
}

/** Adds the arguments, options and help of a command to commander's command. */
function describe(sub: CommanderCommand, command: Command): void {
  sub.description(command.description);
  const filesToo = command.positionals.some(({ name }) => name === 'file')
    ? '; write file names directly after the command, without an option'
    : command.examples
        .slice(0, 1)
        .map((example) => `; for example: ${example.command}`)
        .join('');
  sub.showHelpAfterError(`  hint: typekro ${command.name} --help lists the options${filesToo}`);
  if (command.passThrough === true) {
    sub.argument('[words...]').allowUnknownOption().addHelpText('after', optionHelp(command));
  }
  for (const positional of command.positionals) {
    const name = positional.variadic === true ? `${positional.name}...` : positional.name;
    sub.argument(positional.required === true ? `<${name}>` : `[${name}]`, positional.summary);
  }
  for (const spec of command.passThrough === true ? [] : command.options) sub.addOption(optionOf(spec));
  const examples = command.examples.map((example) => `  $ ${example.command}\n      ${example.summary}`);
  if (examples.length > 0) sub.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
}

function optionOf({ name, short, value, summary, defaultValue, repeatable, allowsEmpty }: OptionSpec): Option {
  const letter = short === undefined ? '' : `-${short}, `;
  const option = new Option(`${letter}--${name}${value === undefined ? '' : ` <${value}>`}`, summary);
  if (defaultValue !== undefined) option.default(defaultValue);
  if (value === undefined) return option;
  return option.argParser((given: string, before?: string) => {
    if (given === '' && allowsEmpty !== true) throw emptyValue(`the value of --${name}`, `--${name} <${value}>`);
    return repeatable === true && before !== undefined ? `${before},${given}` : given;
  });
}

/** Throws `cli/usage` for an empty argument. A shell passes an empty argument for a quoted variable that is not set. */
function refuseEmpty({ positionals }: Command, words: readonly string[]): void {
  for (const [index, word] of words.entries()) {
    const spec = positionals[Math.min(index, positionals.length - 1)];
    if (word === '' && spec !== undefined && spec.allowsEmpty !== true) {
      throw emptyValue(`the argument "${spec.name}"`, spec.name);
    }
  }
}

const emptyValue = (what: string, form: string): TypeKroError =>
  usageError(`${what} is empty; a shell variable may be unset`, `write ${form} with a value, or leave it out`);

/** Removes `--debug` from a command line. Words after `--` are not changed. */
function takeDebug(argv: readonly string[]): { readonly words: readonly string[]; readonly debug: boolean } {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const words = argv.filter((word, index) => word !== DEBUG || index >= end);
  return { words, debug: words.length < argv.length };
}

/** The context of a command line with `--debug`. Its getters stay getters. */
const withDebug = (context: CommandContext): CommandContext =>
  Object.defineProperties({} as CommandContext, {
    ...Object.getOwnPropertyDescriptors(context),
    debug: { value: true, enumerable: true },
  });

/** The name of the command that a command line runs, or that `help NAME` asks about. */
const nameIn = ([first, second]: readonly string[]): string | undefined => (first === 'help' ? second : first);

/**
 * Replaces `help NAME` by `NAME` if no command has the name, because only the error for an unknown command suggests a
 * similar name. In `help ALIAS`, the alias is replaced by the name of the command.
 */
function withoutHelpOfUnknown(words: readonly string[], commands: readonly CommandEntry[]): readonly string[] {
  const [first, name, ...rest] = words;
  if (first !== 'help' || name === undefined || name === 'help' || name.startsWith('-')) return words;
  if (commands.some((each) => each.name === name)) return words;
  const [command] = withoutAlias([name, ...rest]);
  return command === undefined || command === name ? [name, ...rest] : [first, command];
}

/** Do the exit codes 2 and 3 of this command line report a result instead of an error? */
const answersByExitCode = ({ options }: Command, words: readonly string[]): boolean =>
  options.some(({ name, answersByExitCode: answers }) => answers === true && words.includes(`--${name}`));

/**
 * Parses `args` (without node and script), runs its command and returns the exit code. Does not load other commands.
 * Never throws: errors are printed with their remedies. The stack of an internal error is printed only with `--debug`.
 */
export async function runCommandLine(
  commands: readonly CommandEntry[],
  version: string,
  args: readonly string[],
  given: CommandContext,
): Promise<number> {
  const { words, debug } = takeDebug(args);
  const argv = withoutHelpOfUnknown(words, commands);
  const context = debug ? withDebug(given) : given;
  let exitCode: number = ExitCode.ok;
  let usageCode: number = ExitCode.usage;
  const program = createProgram(commands, version, argv, {
    // Commander does not wrap text to the right of a wide column, so lines are wrapped here.
    writeOut: (text) => printLines(context, [text.trimEnd()]),
    writeErr: (text) => context.printError(text.trimEnd()),
    outputError: (text, write) => write(withCode(text)),
    getOutHelpWidth: () => Math.min(HELP_WIDTH, context.terminal?.columns ?? HELP_WIDTH),
  });
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return ExitCode.usage;
    }
    let line = withoutAlias(argv);
    const entry = commands.find(({ name }) => name === nameIn(line));
    const sub = program.commands.find((each) => each.name() === entry?.name);
    if (entry !== undefined && sub !== undefined) {
      const command = await entry.load();
      describe(sub, command);
      line = withNegativeValues(line, command);
      if (answersByExitCode(command, line)) usageCode = ExitCode.failed;
      sub.action(async () => {
        refuseEmpty(command, sub.args);
        const parsed: Record<string, string | true | undefined> = sub.opts();
        const options = Object.fromEntries(command.options.map((spec) => [spec.name, parsed[camelCase(spec.name)]]));
        exitCode = await command.run(context, { positionals: sub.args, options });
      });
    }
    await program.parseAsync([...line], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : usageCode;
    const code = printFailure(error, context);
    return code === ExitCode.usage ? usageCode : code;
  }
}
