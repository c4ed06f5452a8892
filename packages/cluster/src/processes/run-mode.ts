import type { KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';

/** The annotation that requests local processes instead of simulated containers. */
export const RUN = 'typekro.dev/run';

/** The annotation that sets how many processes a container may have. */
export const MAX_PROCESSES = 'typekro.dev/max-processes';

const RUN_PROCESS = 'process';

/** Does the pod request local processes? */
export const asksForProcesses = ({ metadata }: KubeObject): boolean => metadata.annotations?.[RUN] === RUN_PROCESS;

/** The reason why the annotation has no effect; `undefined` when the annotation has an effect or is absent. */
export function runModeProblem({ metadata }: KubeObject): string | undefined {
  const value = metadata.annotations?.[RUN];
  if (value === undefined || value === RUN_PROCESS) return undefined;
  return `${RUN} has no effect, and the containers are simulated: ${goQuote(value)} is not ${goQuote(RUN_PROCESS)}, the only value`;
}

/** The message of a cluster that runs no processes: the cause, and the remedies. */
export const NOT_ALLOWED =
  `this pod asks for local processes (${RUN}: ${RUN_PROCESS}), and this cluster does not run any; start the cluster ` +
  'with --run-processes, or with `runProcesses: true` in a program, if you trust every client that may create pods; ' +
  'or remove the annotation, and the containers are simulated';
