import { type JsonObject, type KubeObject, definedMembers, jsonEquals } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';
import type { StoreEvent } from '../../store/store.ts';
import type { ControllerClient } from '../controller-client.ts';
import { isFinished, isReady, isTerminating } from './pod-tallies.ts';
import { controllerOf } from '../relation-index.ts';
import { podTemplateOf } from '../workloads/template-hash.ts';

export { isFinished, isReady, isTerminating } from './pod-tallies.ts';

export const PODS = { group: '', plural: 'pods' } as const;

/** The component in the kubelet's events. */
export const KUBELET = 'kubelet';

/** Has the pod been ready for `minReadySeconds`? */
export function isAvailable(pod: KubeObject, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod) || minReadySeconds === 0) return isReady(pod);
  const since = Date.parse(String(conditionOf(pod, 'Ready')?.['lastTransitionTime'] ?? ''));
  return since + minReadySeconds * 1000 <= now;
}

/**
 * Can the event of a pod affect controllers that count or address pods? Most status changes cannot, and reading all
 * pods is expensive when there are many.
 */
export function isNotablePodEvent({ type, stored, previous }: StoreEvent): boolean {
  if (type !== 'MODIFIED' || previous === undefined) return true;
  const [before, after] = [previous.object, stored.object];
  return (
    isReady(before) !== isReady(after) ||
    isFinished(before) !== isFinished(after) ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    before.spec?.['nodeName'] !== after.spec?.['nodeName'] ||
    before.status?.['podIP'] !== after.status?.['podIP'] ||
    !jsonEquals(before.metadata.labels ?? {}, after.metadata.labels ?? {}) ||
    before.metadata.ownerReferences?.length !== after.metadata.ownerReferences?.length ||
    controllerOf(before)?.uid !== controllerOf(after)?.uid
  );
}

/**
 * Removes a deleted pod whose containers have ended. Returns false for a pod that is not being deleted, or that still
 * has finalizers.
 */
export function removeEnded(client: ControllerClient, pod: KubeObject): boolean {
  if (!isTerminating(pod) || (pod.metadata.finalizers ?? []).length > 0) return false;
  client.remove(pod, { graceSeconds: 0 });
  return true;
}

/** Returns the pods that an object controls, including finished and terminating pods. */
export function podsOf(client: ControllerClient, owner: KubeObject): KubeObject[] {
  return client.controlled(owner, PODS);
}

/** The name of a pod in the messages of a kubelet. */
export const podText = ({ metadata }: KubeObject): string =>
  `${metadata.name ?? ''}_${metadata.namespace ?? ''}(${metadata.uid ?? ''})`;

/** Returns the pods that count as replicas: those that have not ended and are not being deleted. */
export function activePods(pods: readonly KubeObject[]): KubeObject[] {
  return pods.filter((pod) => !isFinished(pod) && !isTerminating(pod));
}

/** Returns a new pod without a name, made from the pod template of a workload. */
export function podFromTemplate(workload: KubeObject): { metadata: KubeObject['metadata']; spec: JsonObject } {
  const { metadata, spec } = podTemplateOf(workload);
  const { labels, annotations, finalizers } = metadata;
  return { metadata: definedMembers({ labels, annotations, finalizers }), spec };
}

/** Returns the number in a field of `spec`, or `otherwise` when the field is absent. */
export function specNumber(object: KubeObject, field: string, otherwise: number): number {
  const value = object.spec?.[field];
  return typeof value === 'number' ? value : otherwise;
}

/**
 * Returns the milliseconds until the next ready pod becomes available, or `undefined` when all ready pods are
 * available.
 */
export function untilAvailable(pods: readonly KubeObject[], minReadySeconds: number, now: number): number | undefined {
  if (minReadySeconds === 0) return undefined;
  const waits = pods
    .filter((pod) => isReady(pod) && !isAvailable(pod, minReadySeconds, now))
    .map((pod) => Date.parse(String(conditionOf(pod, 'Ready')?.['lastTransitionTime'])) + minReadySeconds * 1000 - now);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** Removes counts that are 0, like Go's `omitempty`. */
export function withoutZeros(counts: Readonly<Record<string, number>>): JsonObject {
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0));
}
