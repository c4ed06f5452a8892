/** Verbs of kro's proposal for a command line, and the commands that do the same here. */
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

/** The command line with an alias replaced. The proposal names files by `-f`, which stand without an option here. */
export function withoutAlias(argv: readonly string[]): readonly string[] {
  const found = ALIASES.find(([words]) => words.every((word, index) => argv[index] === word));
  if (found === undefined) return argv;
  const [words, command] = found;
  const rest = argv.slice(words.length).filter((word) => word !== '-f' && word !== '--file');
  return [...command, ...rest];
}
