import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { quantityOf, quantityToFloat, valueAt } from '@typekro/kit/kubernetes';
import { MAX_PROCESSES } from './container-settings.ts';

/** The resource limits of a container. */
export interface ContainerLimits {
  /** The maximum memory of all processes of the container together, in bytes. */
  readonly memoryBytes: number;
  /** The maximum number of processes of the container. */
  readonly processes: number;
}

/** The limits of a container that sets no limits. */
export const DEFAULT_LIMITS: ContainerLimits = { memoryBytes: 2 * 1024 ** 3, processes: 256 };

const MAX_SETTABLE_PROCESSES = 10_000;

/**
 * The limits of a container, from `resources.limits.memory` and from the annotation for the number of processes. As in
 * Kubernetes, a memory limit of 0 counts as no limit, so the default limit applies.
 */
export function limitsOf(pod: KubeObject, container: JsonObject): ContainerLimits {
  const memory = quantityOf(valueAt(container, 'resources', 'limits', 'memory'));
  return {
    memoryBytes: (memory === undefined ? 0 : quantityToFloat(memory)) || DEFAULT_LIMITS.memoryBytes,
    processes: processesIn(pod) ?? DEFAULT_LIMITS.processes,
  };
}

/**
 * The reason why the annotation for the number of processes has no effect; `undefined` when it has an effect or is
 * absent.
 */
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

/**
 * The reason and message with which the cluster kills a container; `undefined` while the container is within its
 * limits.
 */
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
