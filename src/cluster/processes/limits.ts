import type { JsonObject, KubeObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { quantityOf, quantityToFloat, valueAt } from '../../kubernetes/index.ts';
import { MAX_PROCESSES } from './run-mode.ts';

/** The bounds of a container. */
export interface ContainerLimits {
  /** The memory of all its processes together, in bytes. */
  readonly memoryBytes: number;
  /** The number of its processes. */
  readonly processes: number;
}

/** The bounds of a container that states none. */
export const DEFAULT_LIMITS: ContainerLimits = { memoryBytes: 2 * 1024 ** 3, processes: 256 };

const MAX_SETTABLE_PROCESSES = 10_000;

/**
 * The bounds of a container: `resources.limits.memory`, and the annotation for processes. As in Kubernetes, a memory
 * limit of 0 counts as no limit; the default bound then applies.
 */
export function limitsOf(pod: KubeObject, container: JsonObject): ContainerLimits {
  const memory = quantityOf(valueAt(container, 'resources', 'limits', 'memory'));
  return {
    memoryBytes: (memory === undefined ? 0 : quantityToFloat(memory)) || DEFAULT_LIMITS.memoryBytes,
    processes: processesIn(pod) ?? DEFAULT_LIMITS.processes,
  };
}

/** Why the annotation for processes has no effect; `undefined` when the annotation has an effect or is absent. */
export function limitsProblem(pod: KubeObject): string | undefined {
  const text = pod.metadata.annotations?.[MAX_PROCESSES];
  if (text === undefined || processesIn(pod) !== undefined) return undefined;
  return `${MAX_PROCESSES} has no effect: ${goQuote(text)} is not a whole number from 1 to ${MAX_SETTABLE_PROCESSES}`;
}

function processesIn({ metadata }: KubeObject): number | undefined {
  const text = metadata.annotations?.[MAX_PROCESSES];
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= 1 && number <= MAX_SETTABLE_PROCESSES ? number : undefined;
}

/** The resources that the processes of a container use. */
export interface ContainerUse {
  readonly memoryBytes: number;
  readonly processes: number;
}

/** Why the cluster kills a container; `undefined` while the container stays within its limits. */
export function excessOf(use: ContainerUse, limits: ContainerLimits) {
  if (use.memoryBytes > limits.memoryBytes) {
    const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MiB`;
    const message = `the processes use ${megabytes(use.memoryBytes)} of memory; the limit is ${megabytes(limits.memoryBytes)}`;
    return { reason: 'OOMKilled', message };
  }
  if (use.processes > limits.processes) {
    const message = `the container has ${use.processes} processes; the limit is ${limits.processes} (${MAX_PROCESSES})`;
    return { reason: 'Error', message };
  }
  return undefined;
}
