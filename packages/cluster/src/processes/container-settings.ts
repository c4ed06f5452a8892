import { constants } from 'node:os';
import type { KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';

/** The numbers of the first and the last real-time signal of Linux. */
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;

const REAL_TIME = /^SIGRT(?:MIN(?:\+(\d{1,2}))?|MAX(?:-(\d{1,2}))?)$/;

/**
 * The number of a signal by its name in Kubernetes, such as `SIGTERM` or `SIGRTMIN+3`; `undefined` when the system has
 * no such signal.
 */
export function signalNumber(name: string, platform: string): number | undefined {
  if (name === 'SIGCLD') return constants.signals.SIGCHLD;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  if (Object.hasOwn(numbers, name)) return numbers[name];
  const match = REAL_TIME.exec(name);
  if (match === null || platform !== 'linux') return undefined;
  const number = name.startsWith('SIGRTMIN')
    ? FIRST_REAL_TIME + Number(match[1] ?? 0)
    : LAST_REAL_TIME - Number(match[2] ?? 0);
  return number >= FIRST_REAL_TIME && number <= LAST_REAL_TIME ? number : undefined;
}

/**
 * Expands `$(NAME)` in a command, an argument or a variable, as Kubernetes does: `$$` becomes a dollar sign, and a
 * reference to an unknown variable is not replaced.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(REFERENCE, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? whole;
  });
}

/** The sorted names of the unknown or empty variables to which a string refers. */
export function missingVariables(text: string, variables: ReadonlyMap<string, string>): readonly string[] {
  const names = [...text.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []);
  return [...new Set(names.filter((name) => (variables.get(name) ?? '') === ''))].sort();
}

const REFERENCE = /\$(?:\$|\(([^)]*)\))/g;

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
