import { type KroCompatibility, KroLevel } from '@typekro/engine/graph';
import { TypeKroError, nearestName } from '@typekro/kit/core';
import { type CommandInput, type OptionSpec, textOption, usageError } from './command.ts';
import { LEVEL_FLAG } from '@typekro/app/controllers';
import { shellWord } from '@typekro/app/text';

/**
 * The option that prints the stacks of internal errors. `typekro controller` always prints the stacks, and therefore
 * does not accept the option after the word `controller`.
 */
export const DEBUG = '--debug';

/**
 * Returns the words of a command line from the name of the command on. The option can occur before the name, even
 * several times.
 */
export function wordsFromName(words: readonly string[]): readonly string[] {
  const index = words.findIndex((word) => word !== DEBUG);
  return index === -1 ? [] : words.slice(index);
}

/**
 * Returns the port in `--port`, or in the option `name`. 0 means a free port. Throws `TypeKroError` `cli/bad-port` for
 * a value that is not a port.
 */
export function portOption(input: CommandInput, name = 'port'): number {
  const text = textOption(input, name) ?? '0';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new TypeKroError(`--${name} ${text} is not a port`, {
    code: 'cli/bad-port',
    remedy: 'give a number from 1 to 65535, or 0 for a free port',
  });
}

/**
 * The error for a value of `--output` that is not one of the command's formats. The remedy names the most similar
 * format, or all formats.
 */
export function unknownForm(given: string, forms: readonly string[]): TypeKroError {
  const near = forms.find((form) => form === given.toLowerCase()) ?? nearestName(given, forms);
  const all = `${forms.slice(0, -1).join(', ')} or ${forms.at(-1) ?? ''}`;
  return usageError(
    `--output ${given} is not one of ${forms.join(', ')}`,
    near === undefined ? `choose one: --output ${all}` : `did you mean --output ${near}?`,
  );
}

/** The option `--output`. Its default is the first of `choices`, or else `text`. */
export function outputOption(summary = 'text, json or yaml', choices?: readonly string[]): OptionSpec {
  const [defaultValue = 'text'] = choices ?? [];
  const option = { name: 'output', short: 'o', summary, value: 'form', defaultValue };
  return choices === undefined ? option : { ...option, choices };
}

/** The value of `--output`, by default the first of a command's formats. */
export function outputForm<Form extends string>(input: CommandInput, forms: readonly Form[]): Form {
  const text = textOption(input, 'output') ?? forms[0] ?? '';
  const form = forms.find((each) => each === text);
  if (form === undefined) throw unknownForm(text, forms);
  return form;
}

/** The context of the kubeconfig that a command reads. */
export const CONTEXT_OPTION: OptionSpec = { name: 'context', summary: 'a context of the kubeconfig', value: 'name' };

/** Throws `cli/usage` for the first of these options that is given. They belong to another form of the command. */
export function refuseOptions({ options }: CommandInput, names: readonly string[], form: string): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined) throw usageError(`--${given} is for ${form}`, 'leave it out, or use the other form');
}

/** The kubeconfig and its context, for a command that reads the cluster of the user. */
export const KUBECONFIG_OPTIONS: readonly OptionSpec[] = [
  { name: 'kubeconfig', summary: 'a kubeconfig file; default: that of kubectl', value: 'file' },
  CONTEXT_OPTION,
];

/** The kubeconfig and its context, for a command that also runs in a pod. */
export const KUBECONFIG_OR_POD_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'kubeconfig',
    summary: 'a kubeconfig file; default: that of kubectl, or else the account of the pod',
    value: 'file',
  },
  CONTEXT_OPTION,
];

/** The option of commands that predict what a controller decides. */
export const LEVEL_OPTION: OptionSpec = {
  name: 'kro-compatibility',
  summary: 'compute as kro 0.9 or 0.10 does; by default, as the controller in the cluster does',
  value: 'level',
  choices: KroLevel.LEVELS,
};

/** The option for CRDs in addition to those of the cluster. */
export const FURTHER_CRDS_OPTION: OptionSpec = {
  name: 'crds',
  summary: 'files or folders with CustomResourceDefinitions that the cluster does not have',
  value: 'paths',
  repeatable: true,
};

/** The options of `plan` and `apply` for what the cluster does not tell, and for the cluster itself. */
export const PLANNING_OPTIONS: readonly OptionSpec[] = [FURTHER_CRDS_OPTION, LEVEL_OPTION, ...KUBECONFIG_OPTIONS];

/**
 * Returns the level in `--kro-compatibility`, or `undefined` when the option is absent. Throws `TypeKroError`
 * `cli/usage` for a value that is not a level.
 */
export function levelOption(input: CommandInput): KroCompatibility | undefined {
  const text = textOption(input, LEVEL_OPTION.name);
  const level = KroLevel.LEVELS.find((each) => each === text);
  if (text === undefined || level !== undefined) return level;
  throw usageError(`${LEVEL_FLAG} ${text} is not a level`, `write ${KroLevel.LEVELS.join(' or ')}`);
}

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
