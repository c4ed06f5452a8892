import type { ClusterOptions } from '../cluster/index.ts';
import type { CommandInput, OptionSpec } from './command.ts';

/** The option that lets pods be processes of the machine. */
export const RUN_PROCESSES_OPTION: OptionSpec = {
  name: 'run-processes',
  summary: 'run pods with the annotation typekro.dev/run: process as processes of this machine, as you',
};

/** Does the user allow local processes? Each start needs the option again. */
export const allowsProcesses = (input: CommandInput): boolean => input.options['run-processes'] === true;

/** The options of a cluster that runs local processes in a directory. Without a directory, it runs none. */
export const processOptions = (
  directory: string | undefined,
): Pick<ClusterOptions, 'runProcesses' | 'processDirectory'> =>
  directory === undefined ? {} : { runProcesses: true, processDirectory: directory };

/** The line that says what containers are. */
export const containersLine = (allowed: boolean): string =>
  allowed
    ? 'Pods with the annotation typekro.dev/run: process run as processes of this machine, with your rights. Other containers are simulated.'
    : 'Containers are simulated: no image is pulled, no process runs in a pod.';
