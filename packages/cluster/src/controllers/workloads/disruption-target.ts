import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf, objectsAt } from '@typekro/kit/kubernetes';
import type { ControllerClient } from '../controller-client.ts';

/** The type of the condition on pods that the cluster terminates. */
export const DISRUPTION_TARGET = 'DisruptionTarget';

/**
 * Adds the condition `DisruptionTarget` to the status of a pod, and returns the new status. The condition says why the
 * cluster terminates the pod.
 */
export function withDisruptionTarget(
  client: ControllerClient,
  pod: KubeObject,
  reason: string,
  message: string,
): JsonObject {
  const known = conditionOf(pod, DISRUPTION_TARGET);
  const condition = {
    type: DISRUPTION_TARGET,
    status: 'True',
    observedGeneration: pod.metadata.generation ?? 1,
    lastProbeTime: null,
    lastTransitionTime: known?.['status'] === 'True' ? (known['lastTransitionTime'] ?? null) : client.timestamp(),
    reason,
    message,
  };
  const others = objectsAt(pod.status, 'conditions').filter((entry) => entry !== known);
  return { ...pod.status, conditions: [...others, condition] };
}

/**
 * Sets the condition `DisruptionTarget` of a pod, and then deletes the pod gracefully. The failure policies of Jobs,
 * for example, read this condition.
 */
export function disruptPod(client: ControllerClient, pod: KubeObject, reason: string, message: string): void {
  client.updateStatus(pod, withDisruptionTarget(client, pod, reason, message));
  client.remove(pod);
}
