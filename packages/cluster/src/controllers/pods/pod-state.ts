import type { KubeObject } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';

/** The readiness of each stored pod. A stored object never changes, so an entry stays valid. */
const readiness = new WeakMap<KubeObject, boolean>();

export function isReady(pod: KubeObject): boolean {
  let ready = readiness.get(pod);
  if (ready === undefined) {
    ready = conditionOf(pod, 'Ready')?.['status'] === 'True';
    readiness.set(pod, ready);
  }
  return ready;
}

/** Has the pod ended? */
export function isFinished(pod: KubeObject): boolean {
  const phase = pod.status?.['phase'];
  return phase === 'Succeeded' || phase === 'Failed';
}

export const isTerminating = (pod: KubeObject): boolean => pod.metadata.deletionTimestamp !== undefined;
