import type { KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { PodRules } from './pod-rules.ts';

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
