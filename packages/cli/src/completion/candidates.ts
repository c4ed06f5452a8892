import type { Command, CommandEntry, OptionSpec, PositionalSpec } from '../command.ts';

/** A word that completes the command line, with its description. */
export interface CompletionCandidate {
  readonly word: string;
  readonly summary: string;
}

/** The possible completions of the last word. */
export interface Candidates {
  readonly words: readonly CompletionCandidate[];
  /** True when file names are possible, too. */
  readonly files: boolean;
  /** True when names of instances in the cluster are possible, too. */
  readonly instances: boolean;
  /** True when names of the user's named clusters are possible, too. */
  readonly clusters: boolean;
}

export const NOTHING: Candidates = { words: [], files: false, instances: false, clusters: false };

/** Placeholders of options whose value is a file or a folder. */
const FILE_VALUES: ReadonlySet<string> = new Set(['file', 'paths', 'dir', 'folder', 'path']);

/** Positional arguments that are files. */
const FILE_ARGUMENTS: ReadonlySet<string> = new Set(['file', 'source', 'subject', 'dir']);

/** Returns the commands whose name begins with a word. */
export function commandCandidates(commands: readonly CommandEntry[], word: string): Candidates {
  const all = commands.map(({ name, summary }) => ({ word: name, summary }));
  return { ...NOTHING, words: startingWith(word, all) };
}

/**
 * Returns the completions of the last word. This word can be empty or a prefix.
 *
 * @param words the words after the name of the command, at least one
 */
export function candidatesFor(command: Command, words: readonly string[]): Candidates {
  const current = words.at(-1) ?? '';
  const attached = ATTACHED.exec(current);
  if (attached !== null) {
    // zsh and fish replace the whole word, so the candidates include the option.
    const [, option = '', text = ''] = attached;
    const found = valuesOf(optionOf(command, option) ?? NO_OPTION, text);
    return { ...found, words: found.words.map((each) => ({ ...each, word: `${option}=${each.word}` })) };
  }
  const before = withSeparateValues(words.slice(0, -1));
  const valueOption = optionOf(command, before.at(-1));
  // bash divides `--output=json` into three words.
  if (valueOption?.value !== undefined) return valuesOf(valueOption, current === '=' ? '' : current);
  if (current.startsWith('-')) {
    return { ...NOTHING, words: startingWith(current, command.options.flatMap(optionCandidates)) };
  }
  return argumentsOf(command, before, current);
}

/** An option with its value in the same word. */
const ATTACHED = /^(--[^=]+)=(.*)$/s;

const NO_OPTION: OptionSpec = { name: '', summary: '' };

/**
 * Returns the words of a command line with each option and its value as two words. The input forms are `--output=json`
 * and bash's `--output = json`.
 */
export function withSeparateValues(words: readonly string[]): readonly string[] {
  return words
    .filter((word, index) => word !== '=' || !(words[index - 1] ?? '').startsWith('--'))
    .flatMap((word) => ATTACHED.exec(word)?.slice(1) ?? [word]);
}

const optionCandidates = ({ name, short, summary }: OptionSpec): CompletionCandidate[] => [
  { word: `--${name}`, summary },
  ...(short === undefined ? [] : [{ word: `-${short}`, summary }]),
];

const startingWith = (text: string, candidates: readonly CompletionCandidate[]): readonly CompletionCandidate[] =>
  candidates.filter(({ word }) => word.startsWith(text));

function optionOf({ options }: Command, word = ''): OptionSpec | undefined {
  return options.find(({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`));
}

function valuesOf({ value = '', choices = [], summary }: OptionSpec, current: string): Candidates {
  const words = startingWith(
    current,
    choices.map((word) => ({ word, summary })),
  );
  return { ...NOTHING, words, files: FILE_VALUES.has(value) };
}

function argumentsOf(command: Command, before: readonly string[], current: string): Candidates {
  const given = before.filter((word, index) => {
    const isValue = optionOf(command, before[index - 1])?.value !== undefined;
    return !isValue && (!word.startsWith('-') || word === '-');
  });
  const positional: PositionalSpec | undefined =
    command.positionals[given.length] ?? command.positionals.findLast(({ variadic }) => variadic === true);
  if (positional === undefined) return NOTHING;
  const words = startingWith(
    current,
    (positional.choices ?? []).map((word) => ({ word, summary: positional.summary })),
  );
  const { name } = positional;
  return { words, files: FILE_ARGUMENTS.has(name), instances: name === 'instance', clusters: name === 'cluster' };
}
