import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve, sep } from 'node:path';
import type { InspectMeta } from '../../inspect/index.ts';
import type { CommandContext } from '../command.ts';

/** The facts of this process that decide what a new shell needs. */
export interface ShellFacts {
  readonly cwd: string;
  readonly env: CommandContext['env'];
  /** The path in `--kubeconfig`, or that of a cluster of this process. Absent: kubectl's default. */
  readonly kubeconfig?: string;
  /** The context of the cluster. Absent when the kubeconfig has no other one. */
  readonly context?: string;
  /** The path of Node, and of the script that runs. */
  readonly argv: readonly string[];
  /** Does the folder have a program that the user may run? */
  readonly hasProgram: (path: string) => boolean;
}

/**
 * What a command needs in a new shell of this machine, so that it reads the cluster that the page shows. A new shell has
 * neither the options nor the variable `KUBECONFIG` of this process, and the current context can change. Only what is
 * needed is named.
 */
export function copiedCommands(facts: ShellFacts): NonNullable<InspectMeta['commands']> {
  const { cwd, env, kubeconfig, context } = facts;
  const home = join(env['HOME'] ?? homedir(), '.kube', 'config');
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const files = (kubeconfig === undefined ? listed : [kubeconfig]).map((path) => resolve(cwd, path));
  const isDefault = files.length === 0 || (files.length === 1 && files[0] === home);
  const program = programWords(facts);
  return {
    ...(isDefault ? {} : { kubeconfigs: files }),
    ...(context === undefined ? {} : { context }),
    ...(program === undefined ? {} : { program }),
  };
}

/** A folder that package managers add to `PATH` for the commands that they run. A new shell does not have it. */
const OF_PACKAGE_MANAGER = /[\\/]node_modules[\\/]\.bin[\\/]?$/;

/** The words that start this program when the shell does not find it as `typekro`. */
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
