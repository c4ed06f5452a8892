import { Command as CommanderCommand, CommanderError, Option } from 'commander';
import { withoutAlias } from './aliases.ts';
import type { Command, CommandContext } from './command.ts';
import { ExitCode } from './command.ts';
import { printFailure } from './failure.ts';
import { hintForCommand } from './foreign-commands.ts';

/** Commander's name of an option in its result: `logLevel` for `log-level`. */
function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** The help text for the options of a command that parses its options itself, in commander's form. */
function optionHelp({ options }: Command): string {
  const rows = options.map(
    ({ name, value, summary }) => [`--${name}${value === undefined ? '' : ` <${value}>`}`, summary] as const,
  );
  const width = Math.max(...rows.map(([flags]) => flags.length));
  return `\nFlags:\n${rows.map(([flags, summary]) => `  ${flags.padEnd(width)}  ${summary}`).join('\n')}`;
}

/** Builds commander's form of the commands. No other file knows the parser library. */
function createProgram(
  commands: readonly Command[],
  version: string,
  argv: readonly string[],
  context: CommandContext,
  finish: (code: number) => void,
): CommanderCommand {
  const program = new CommanderCommand('typekro')
    .description('Describe Kubernetes resource graphs once; check them, run them, and know why they wait.')
    .version(version)
    .exitOverride()
    .showHelpAfterError(`  hint: ${hintForCommand(argv)}`)
    .configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.printError(text.trimEnd()),
    });
  for (const command of commands) {
    const sub = program.command(command.name).summary(command.summary).description(command.description).exitOverride();
    sub.configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.printError(text.trimEnd()),
    });
    const filesToo = command.positionals.length > 0 ? '; files stand behind the command without an option' : '';
    sub.showHelpAfterError(`  hint: typekro ${command.name} --help lists the options${filesToo}`);
    if (command.passThrough === true) {
      sub.argument('[words...]').allowUnknownOption().addHelpText('after', optionHelp(command));
    }
    for (const positional of command.positionals) {
      const name = positional.variadic === true ? `${positional.name}...` : positional.name;
      sub.argument(positional.required === true ? `<${name}>` : `[${name}]`, positional.summary);
    }
    for (const spec of command.passThrough === true ? [] : command.options) {
      const short = spec.short === undefined ? '' : `-${spec.short}, `;
      const flags = `${short}--${spec.name}${spec.value === undefined ? '' : ` <${spec.value}>`}`;
      const option = new Option(flags, spec.summary);
      if (spec.defaultValue !== undefined) option.default(spec.defaultValue);
      if (spec.repeatable === true)
        option.argParser((value: string, before?: string) => (before === undefined ? value : `${before},${value}`));
      sub.addOption(option);
    }
    const examples = command.examples.map((example) => `  $ ${example.command}\n      ${example.summary}`);
    if (examples.length > 0) sub.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
    sub.action(async () => {
      const parsed: Record<string, string | true | undefined> = sub.opts();
      const options = Object.fromEntries(command.options.map((spec) => [spec.name, parsed[camelCase(spec.name)]]));
      finish(await command.run(context, { positionals: sub.args, options }));
    });
  }
  return program;
}

/**
 * Parses `argv` (without node and script), runs its command and returns the exit code. Never throws: it prints errors
 * as text with a remedy, and a stack trace for internal errors only.
 */
export async function runCommandLine(
  commands: readonly Command[],
  version: string,
  argv: readonly string[],
  context: CommandContext,
): Promise<number> {
  let exitCode: number = ExitCode.ok;
  const program = createProgram(commands, version, argv, context, (code) => {
    exitCode = code;
  });
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return ExitCode.usage;
    }
    await program.parseAsync([...withoutAlias(argv)], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    return printFailure(error, context);
  }
}
