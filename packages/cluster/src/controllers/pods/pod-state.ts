import type { KubeObject } from '@typekro/kit/core';
import { oncePerObject } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';

/** Is a stored pod ready? A stored object never changes. */
export const isReady = oncePerObject((pod: KubeObject) => conditionOf(pod, 'Ready')?.['status'] === 'True');

/** Has the pod ended? */
export function isFinished(pod: KubeObject): boolean {
  const phase = pod.status?.['phase'];
  return phase === 'Succeeded' || phase === 'Failed';
}

export const isTerminating = (pod: KubeObject): boolean => pod.metadata.deletionTimestamp !== undefined;
