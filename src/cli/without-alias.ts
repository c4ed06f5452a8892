/** The verbs of kro's proposal for a command line, each with the command of typekro that does the same. */
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
 * Replaces an alias by its command. Also removes `-f` and `--file`: in the proposal, files are the value of this
 * option, and typekro takes them as arguments.
 */
export function withoutAlias(argv: readonly string[]): readonly string[] {
  const found = ALIASES.find(([words]) => words.every((word, index) => argv[index] === word));
  if (found === undefined) return argv;
  const [words, command] = found;
  const rest = argv.slice(words.length).filter((word) => word !== '-f' && word !== '--file');
  return [...command, ...rest];
}
