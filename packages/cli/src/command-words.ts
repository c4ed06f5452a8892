import type { Command } from './command.ts';

/** Do the arguments of a command contain `--help` or `-h`? */
export const wantsHelp = (words: readonly string[]): boolean => words.some((word) => /^(?:--?help|-h)$/.test(word));

/** The verbs of the command line that kro proposes, with the equivalent typekro commands. */
const ALIASES: readonly (readonly [words: readonly string[], command: readonly string[]])[] = [
  [['preview'], ['render']],
  [
    ['generate', 'crd'],
    ['types', '--output', 'crd'],
  ],
  [
    ['generate', 'instance'],
    ['types', '--output', 'instance'],
  ],
  [
    ['generate', 'diagram'],
    ['graph', '--output', 'mermaid'],
  ],
];

/**
 * Replaces an alias with its command. Also removes `-f` and `--file`: the proposal takes files as values of this
 * option, and typekro takes files as arguments.
 */
export function withoutAlias(argv: readonly string[]): readonly string[] {
  const found = ALIASES.find(([words]) => words.every((word, index) => argv[index] === word));
  if (found === undefined) return argv;
  const [words, command] = found;
  const rest = argv.slice(words.length).filter((word) => word !== '-f' && word !== '--file');
  return [...command, ...rest];
}

/**
 * Moves the arguments that begin with a minus and a digit, such as the duration `-1h`, behind `--`, so that they are
 * not read as options. The values of options stay.
 */
export function withNegativeValues(
  argv: readonly string[],
  { options, passThrough }: Pick<Command, 'options' | 'passThrough'>,
): readonly string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const valued = options.flatMap(({ name, short, value }) => (value === undefined ? [] : [`--${name}`, `-${short}`]));
  const isMoved = (word: string, index: number) =>
    passThrough !== true && index < end && /^-\.?\d/.test(word) && !valued.includes(argv[index - 1] ?? '');
  const moved = argv.filter(isMoved);
  if (moved.length === 0) return argv;
  return [...argv.slice(0, end).filter((word, index) => !isMoved(word, index)), '--', ...moved, ...argv.slice(end + 1)];
}
