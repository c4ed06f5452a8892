import type { KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { PodRules } from './pod-rules.ts';

/**
 * The capacity of a simulated node, keyed by resource name. This one node has the capacity of the largest cluster that
 * Kubernetes supports: 5,000 nodes with four CPUs, 16 GiB of memory, 100 GiB of disk and 30 pods each.
 */
export const NODE_CAPACITY: Readonly<Record<string, string>> = {
  cpu: '20k',
  memory: '80000Gi',
  pods: '150k',
  'ephemeral-storage': '500000Gi',
};

/**
 * The limits of a local process whose container sets no limits. Programs derive the sizes of their pools from these
 * limits, so the values are those of a single large machine.
 */
export const PROCESS_LIMITS: Readonly<Record<string, string>> = {
  cpu: '64',
  memory: '256Gi',
  'ephemeral-storage': '1Ti',
};

/** The resource usage of a container: quantities of CPU and memory. */
export interface ContainerUsage {
  readonly name: string;
  readonly cpu: string;
  readonly memory: string;
}

/**
 * The resource usage of a pod's containers, as the rules of the pod specify it; `undefined` when no rule sets a usage,
 * or when the pod does not run. If only one resource has a rule, the usage of the other resource is 0.
 */
export function simulatedUsage(pod: KubeObject, { cpu, memory }: PodRules): readonly ContainerUsage[] | undefined {
  if (cpu === undefined && memory === undefined) return undefined;
  if (textAt(pod.status, 'phase') !== 'Running') return undefined;
  return objectsAt(pod.spec, 'containers').map((container) => ({
    name: textAt(container, 'name'),
    cpu: cpu ?? '0',
    memory: memory ?? '0',
  }));
}
