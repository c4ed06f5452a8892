import { type Command, type CommandContext, type CommandEntry, ExitCode, usageError } from '../command.ts';
import type { CompletionCandidate, Candidates } from '../completion/candidates.ts';
import { candidatesFor, commandCandidates, NOTHING } from '../completion/candidates.ts';
import { type Shell, completionScript, FILES_LINE, SHELLS } from '../completion/scripts.ts';

/** The argument with which the scripts request candidates. */
const CANDIDATES = 'candidates';

/**
 * Makes the command `typekro completion SHELL`, which prints the completion script of a shell.
 *
 * @param commands all commands of the program, for the candidates
 */
export function completion(commands: readonly CommandEntry[]): Command {
  return {
    name: 'completion',
    description:
      'Prints a script for bash, zsh or fish that completes commands, options, files and, where a kubeconfig leads to a cluster, the names of instances and of named clusters. The script asks this command for candidates, so it stays right after an upgrade.',
    positionals: [
      { name: 'shell', summary: SHELLS.join(', '), required: true, choices: SHELLS },
      {
        name: 'words',
        summary: 'the words before the cursor, which the scripts pass',
        variadic: true,
        allowsEmpty: true,
      },
    ],
    options: [],
    examples: [
      { command: 'source <(typekro completion bash)', summary: 'in ~/.bashrc; the same with zsh in ~/.zshrc' },
      { command: 'typekro completion fish > ~/.config/fish/completions/typekro.fish', summary: 'for fish' },
    ],
    async run(context, input) {
      const [shell = '', ...words] = input.positionals;
      if (shell === CANDIDATES) {
        for (const line of await candidateLines(context, commands, words)) context.print(line);
        return ExitCode.ok;
      }
      if (!isShell(shell)) {
        throw usageError(`there is no script for ${shell}`, `name one of ${SHELLS.join(', ')}`);
      }
      context.print(completionScript(shell), 'document');
      return ExitCode.ok;
    },
  };
}

const isShell = (text: string): text is Shell => (SHELLS as readonly string[]).includes(text);

async function candidateLines(
  context: CommandContext,
  commands: readonly CommandEntry[],
  words: readonly string[],
): Promise<string[]> {
  const { words: found, files, instances, clusters } = await candidatesOf(commands, words);
  const names = instances
    ? await (await import('../completion/names-of-cluster.ts')).namesOfCluster(context, words)
    : clusters
      ? await namesOfClusters(context, words)
      : [];
  return [...found.map(candidateLine), ...names, ...(files ? [FILES_LINE] : [])];
}

async function candidatesOf(commands: readonly CommandEntry[], words: readonly string[]): Promise<Candidates> {
  const [name = '', ...rest] = words;
  if (rest.length === 0) return commandCandidates(commands, name);
  const entry = commands.find((each) => each.name === name);
  return entry === undefined ? NOTHING : candidatesFor(await entry.load(), rest);
}

const candidateLine = ({ word, summary }: CompletionCandidate): string => `${word}\t${summary}`;

/** The named clusters whose names begin with the last word. */
async function namesOfClusters({ env }: CommandContext, words: readonly string[]): Promise<string[]> {
  const { clusterNames } = await import('../clusters/cluster-folder.ts');
  try {
    return clusterNames(env).filter((name) => name.startsWith(words.at(-1) ?? ''));
  } catch {
    // A shell cannot show errors during completion.
    return [];
  }
}
