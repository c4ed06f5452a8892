import type { CommandInput, OptionSpec } from './command.ts';
import { shellWord } from './shell-word.ts';

/**
 * Returns the options of a command line as words for a shell, in the order of `specs`. Options that are absent, or have
 * their default value, are left out.
 */
export function optionWords(specs: readonly OptionSpec[], { options }: Pick<CommandInput, 'options'>): string[] {
  return specs.flatMap(({ name, defaultValue }) => {
    const value = options[name];
    if (value === true) return [`--${name}`];
    return typeof value === 'string' && value !== defaultValue ? [`--${name}`, shellWord(value)] : [];
  });
}
