import { definedMembers } from '@typekro/kit/core';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve, sep } from 'node:path';
import type { InspectMeta } from '@typekro/controller/inspect';
import type { CommandContext } from '../command.ts';

/** The facts about this process that determine which options and variables a command needs in a new shell. */
export interface ShellFacts {
  readonly cwd: string;
  readonly env: CommandContext['env'];
  /**
   * The path in `--kubeconfig`, or the kubeconfig of a cluster in this process. If absent, kubectl's default is used.
   */
  readonly kubeconfig?: string;
  /** The context of the cluster. Absent when the kubeconfig has no other context. */
  readonly context?: string;
  /** The path of Node, and of the script that runs. */
  readonly argv: readonly string[];
  /** Is there a program at this path that the user may run? */
  readonly hasProgram: (path: string) => boolean;
}

/**
 * Returns the options and variables with which a command in a new shell on this machine reads the same cluster as the
 * page. A new shell has neither the options nor the variable `KUBECONFIG` of this process, and the current context can
 * change. Options and variables that are not necessary are left out.
 */
export function copiedCommands(facts: ShellFacts): NonNullable<InspectMeta['commands']> {
  const { cwd, env, kubeconfig, context } = facts;
  const home = join(env['HOME'] ?? homedir(), '.kube', 'config');
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const files = (kubeconfig === undefined ? listed : [kubeconfig]).map((path) => resolve(cwd, path));
  const isDefault = files.length === 0 || (files.length === 1 && files[0] === home);
  const program = programWords(facts);
  return { ...(isDefault ? {} : { kubeconfigs: files }), ...definedMembers({ context, program }) };
}

/**
 * Matches a folder that package managers add to the `PATH` of the commands that they run. The `PATH` of a new shell
 * does not contain it.
 */
const OF_PACKAGE_MANAGER = /[\\/]node_modules[\\/]\.bin[\\/]?$/;

/** Returns the words that start this program; undefined when the shell finds the program as `typekro`. */
function programWords({ env, argv, hasProgram }: ShellFacts): readonly string[] | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((path) => path !== '' && !OF_PACKAGE_MANAGER.test(path));
  if (folders.some((folder) => hasProgram(`${folder}${sep}typekro`))) return undefined;
  const [node, script] = argv;
  return node === undefined || script === undefined ? undefined : [node, script];
}

/** The facts of this process. */
export const shellFacts = ({ cwd, env }: CommandContext): Pick<ShellFacts, 'cwd' | 'env' | 'argv' | 'hasProgram'> => ({
  cwd,
  env,
  argv: process.argv,
  hasProgram(path) {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
});
