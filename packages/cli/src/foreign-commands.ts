import { shellWord } from '@typekro/app/text';

/** Hints for commands that other tools have and typekro does not have. */
const FOREIGN: readonly (readonly [words: readonly string[], hint: (argv: readonly string[]) => string])[] = [
  [
    ['create', 'replace', 'deploy'],
    (argv) => {
      const files = filesOf(argv);
      return `for a cluster: typekro apply ${files.join(' ')}; to try it out here: typekro up ${files.join(' ')}`;
    },
  ],
  [
    ['get', 'describe', 'edit', 'exec', 'port-forward', 'patch', 'rollout'],
    (argv) => `that is a command of kubectl: kubectl ${argv.map(shellWord).join(' ')}`,
  ],
  [['config', 'use-context'], () => 'choose the cluster with --kubeconfig and --context, or with kubectl config'],
  [['check', 'verify', 'compile'], (argv) => `typekro validate ${filesOf(argv).join(' ')}`],
  [
    ['build', 'template', 'synth', 'yaml', 'export', 'print', 'emit'],
    (argv) =>
      `typekro render ${filesOf(argv).join(' ')} prints the objects of an instance, typekro gitops writes definitions for a cluster`,
  ],
  [
    ['run', 'start'],
    (argv) =>
      `typekro up ${filesOf(argv).join(' ')} starts a cluster here, typekro cluster start starts one that keeps running`,
  ],
  [['serve', 'watch'], (argv) => `typekro dev ${filesOf(argv).join(' ')} runs files here, again after each save`],
  [
    ['down', 'stop', 'destroy'],
    () => 'ctrl-c in its terminal ends typekro up and its cluster; typekro cluster stop ends a named cluster',
  ],
  [
    ['new', 'scaffold'],
    () => 'typekro init DIR makes a project; a .yaml or .ts file alone needs none: typekro up FILE',
  ],
];

/** The commands for which `FOREIGN` has a hint. None is a command of typekro. */
export const FOREIGN_COMMANDS: readonly string[] = FOREIGN.flatMap(([words]) => words);

/** Does a command line begin with a command of another tool? */
export const isForeignCommand = ([word = '']: readonly string[]): boolean => FOREIGN_COMMANDS.includes(word);

/**
 * Returns the hint for words that begin with no command of typekro. A command of another tool, and options before the
 * command, have hints of their own.
 */
export function hintForCommand(argv: readonly string[], commands: ReadonlySet<string>): string {
  const [word = ''] = argv;
  const at = argv.findIndex((each) => commands.has(each));
  if (word.startsWith('-') && at > 0) {
    const words = [argv[at] ?? '', ...argv.slice(at + 1), ...argv.slice(0, at)];
    return `write the options after the command: typekro ${words.map(shellWord).join(' ')}`;
  }
  const hint = FOREIGN.find(([words]) => words.includes(word))?.[1];
  return hint?.(argv) ?? 'typekro --help lists the commands';
}

/** The arguments that look like files, quoted for a shell, or `FILE` when no argument looks like a file. */
function filesOf(argv: readonly string[]): readonly string[] {
  const files = argv.slice(1).filter((word) => !word.startsWith('-') && /[./]/.test(word));
  return files.length === 0 ? ['FILE'] : files.map(shellWord);
}
