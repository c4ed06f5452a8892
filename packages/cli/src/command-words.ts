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
