import type { Command, OptionSpec } from '../../packages/cli/src/command.ts';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { DEBUG } from '../../packages/cli/src/command-options.ts';
import { markdownTable } from '../markdown-table.ts';

/** `docs/reference/cli.md`: every command with its arguments, options and examples, as `--help` has them. */
export async function commandsPage(): Promise<string> {
  const loaded = await Promise.all(commands.map(async ({ load }) => load()));
  const sections = loaded.map((command) => sectionOf(command));
  return `# Every command

\`npm run docs\` writes this page from the program; \`typekro <command> --help\` prints the same. [The command
line](../commands.md) explains exit codes, output and the larger commands. \`${DEBUG}\` works with every command: it prints
the stack of an internal error.

${sections.join('\n\n')}

## What can go wrong

- **An option is unknown.** The command names the nearest one, and ends with 2.
- **An option has an empty value.** The shell passed a variable that is not set. The command ends with 2.
`;
}

function sectionOf({ name, description, positionals, options, examples }: Command): string {
  const usage = positionals.map((positional) => {
    const word = positional.variadic === true ? `${positional.name}...` : positional.name;
    return positional.required === true ? `<${word}>` : `[${word}]`;
  });
  const parts = [`## ${name}`, description, `\`typekro ${[name, '[options]', ...usage].join(' ')}\``];
  if (positionals.length > 0) {
    parts.push(
      markdownTable(
        ['argument', 'what it is'],
        positionals.map((positional) => [`\`${positional.name}\``, positional.summary]),
      ),
    );
  }
  if (options.length > 0) parts.push(markdownTable(['option', 'default', 'what it does'], options.map(optionRow)));
  if (examples.length > 0) {
    const rows = examples.map(({ command, summary }) => [`\`${command}\``, summary]);
    parts.push(markdownTable(['example', 'what happens'], rows));
  }
  return parts.join('\n\n');
}

function optionRow({ name, short, value, defaultValue, summary }: OptionSpec): string[] {
  const shown = `--${name}${value === undefined ? '' : ` <${value}>`}`;
  const names = short === undefined ? [`\`${shown}\``] : [`\`-${short}\``, `\`${shown}\``];
  return [names.join(', '), defaultValue === undefined ? '' : `\`${defaultValue}\``, summary];
}
