import type { ClusterOptions } from '@typekro/cluster';
import type { CommandInput, OptionSpec } from './command.ts';

/** The option that allows pods to run as processes of this machine. */
export const RUN_PROCESSES_OPTION: OptionSpec = {
  name: 'run-processes',
  summary: 'run pods with the annotation typekro.dev/run: process as processes of this machine, with your rights',
};

/** Does the user allow local processes? The option is required at each start. */
export const allowsProcesses = (input: CommandInput): boolean => input.options['run-processes'] === true;

/**
 * Returns the options of a cluster that runs local processes in a directory. Without a directory, the cluster runs no
 * local processes.
 */
export const processOptions = (
  directory: string | undefined,
): Pick<ClusterOptions, 'runProcesses' | 'processDirectory'> =>
  directory === undefined ? {} : { runProcesses: true, processDirectory: directory };

/** Returns the line that says whether containers are processes or simulated. */
export const containersLine = (allowed: boolean): string =>
  allowed
    ? 'Pods with the annotation typekro.dev/run: process run as processes of this machine, with your rights. Other containers are simulated.'
    : 'Containers are simulated: no image is pulled, no process runs in a pod.';
