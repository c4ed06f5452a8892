import type { JsonObject, KubeObject } from '../../core/index.ts';
import { countAt, objectAt, optionalAt, parseTime } from '../../kubernetes/index.ts';
import { disruptionConditions } from '../kinds/disruption-condition.ts';
import { selects } from '../kinds/selects.ts';
import { goLabelSelector } from '../types/label-selector-text.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, keyOfObject, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import { isFinished, isReady, PODS, isNotablePodEvent } from './pods.ts';
import { share } from './rollout-plan.ts';
import { isApiError } from './controller-client.ts';
import type { ControllerClient } from './controller-client.ts';
import { controllerOf } from './relation-index.ts';

/** The PodDisruptionBudgets. */
export const BUDGETS = { group: 'policy', plural: 'poddisruptionbudgets' } as const;

/** The time in which the deletion of an evicted pod must begin. After this time, the pod counts as a pod that stays. */
const DELETION_TIMEOUT_MS = 120_000;

/**
 * Computes how many pods of each PodDisruptionBudget may be evicted now. Evictions read this count, and list the
 * evicted pods in the budget. A listed pod does not count as healthy, although it may still be ready.
 */
export const disruptionController: SimulatedController = {
  name: 'disruption-controller',
  target: targetIn(BUDGETS),

  *keysOf(event, client) {
    if (concerns(event, 'policy', 'poddisruptionbudgets') && event.type !== 'DELETED') yield event.stored.key;
    if (!concerns(event, '', 'pods') || client.isEmpty(BUDGETS) || !isNotablePodEvent(event)) return;
    const pods = [event.stored.object, event.previous?.object].filter((pod) => pod !== undefined);
    for (const budget of client.list(BUDGETS, event.stored.object.metadata.namespace ?? '')) {
      if (pods.some((pod) => covers(budget, pod))) yield keyOfObject(budget);
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const budget = client.get(BUDGETS, namespace, name);
    if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return;
    const pods = client.list(PODS, namespace).filter((pod) => covers(budget, pod) && !isFinished(pod));
    const disrupted = disruptedPods(client, budget, pods);
    const healthy = pods.filter(
      (pod) =>
        isReady(pod) &&
        pod.metadata.deletionTimestamp === undefined &&
        !Object.hasOwn(disrupted.pods, pod.metadata.name ?? ''),
    ).length;
    const { expected, desired } = healthOf(client, budget, pods);
    reportUnmanaged(client, budget, pods);
    const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0;
    const observedGeneration = budget.metadata.generation ?? 1;
    client.updateStatus(budget, {
      observedGeneration,
      disruptionsAllowed: allowed,
      currentHealthy: healthy,
      desiredHealthy: desired,
      expectedPods: expected,
      ...(Object.keys(disrupted.pods).length === 0 ? {} : { disruptedPods: disrupted.pods }),
      conditions: disruptionConditions(budget, allowed, client.timestamp()),
    });
    return disrupted.againMs;
  },
};

/**
 * The evicted pods of a budget that are not being deleted yet, with the times of their evictions. `againMs` is the time
 * until the first of these pods counts as a pod that stays.
 */
function disruptedPods(
  client: ControllerClient,
  budget: KubeObject,
  pods: readonly KubeObject[],
): { readonly pods: JsonObject; readonly againMs: number | undefined } {
  const listed = objectAt(budget.status, 'disruptedPods');
  const kept: JsonObject = {};
  let againMs: number | undefined;
  for (const pod of pods) {
    const { name = '', namespace = '', deletionTimestamp } = pod.metadata;
    const time = Object.hasOwn(listed, name) ? String(listed[name]) : '';
    if (time === '' || deletionTimestamp !== undefined) continue;
    const evicted = parseTime(time);
    const remainingMs = (typeof evicted === 'number' ? evicted : 0) + DELETION_TIMEOUT_MS - client.now();
    if (remainingMs <= 0) {
      const budgetName = `${namespace}/${budget.metadata.name ?? ''}`;
      const text = `Pod was expected by PDB ${budgetName} to be deleted but it wasn't`;
      recordEvent(client, pod, 'controllermanager', 'NotDeleted', text, 'Warning');
      continue;
    }
    kept[name] = time;
    againMs = Math.min(againMs ?? remainingMs, remainingMs);
  }
  return { pods: kept, againMs };
}

function covers(budget: KubeObject, pod: KubeObject): boolean {
  const selector = optionalAt(budget.spec, 'selector');
  return selector !== undefined && selects(selector, pod.metadata.labels ?? {});
}

/** The expected number of pods, and the number of pods that must stay healthy. */
function healthOf(
  client: ControllerClient,
  budget: KubeObject,
  pods: readonly KubeObject[],
): { expected: number; desired: number } {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined && maxUnavailable !== null) {
    const expected = scaleOf(client, pods);
    return { expected, desired: Math.max(0, expected - share(maxUnavailable, expected, Math.ceil)) };
  }
  if (typeof minAvailable === 'number') return { expected: pods.length, desired: minAvailable };
  const expected = scaleOf(client, pods);
  return { expected, desired: share(minAvailable ?? 0, expected, Math.ceil) };
}

/**
 * The sum of the replicas of the pods' controllers, by their Scales. The pods of a Deployment belong to the Deployment,
 * and not to its ReplicaSets, of which it has two during a rollout. Pods without a controller do not count.
 */
function scaleOf(client: ControllerClient, pods: readonly KubeObject[]): number {
  const scales = new Map<string, number>();
  const seen = new Set<string>();
  for (const pod of pods) {
    const uid = controllerOf(pod)?.uid;
    if (uid === undefined || seen.has(uid)) continue;
    seen.add(uid);
    const owner = ownerOf(client, pod);
    const outer = owner?.kind === 'ReplicaSet' ? ownerOf(client, owner) : undefined;
    const scaled = outer?.kind === 'Deployment' ? outer : owner;
    if (scaled !== undefined) scales.set(scaled.metadata.uid ?? '', replicasOf(client, scaled));
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
}

function ownerOf(client: ControllerClient, object: KubeObject): KubeObject | undefined {
  const reference = controllerOf(object);
  const resource = reference && client.resourceOfKind(reference.apiVersion, reference.kind);
  const owner = resource && client.get(resource, object.metadata.namespace ?? '', reference.name);
  return owner?.metadata.uid === reference?.uid ? owner : undefined;
}

/** The replicas in the Scale of an object; 0 for an object without a Scale, such as a DaemonSet. */
function replicasOf(client: ControllerClient, owner: KubeObject): number {
  try {
    return countAt(client.scaleOf(owner), 'spec', 'replicas');
  } catch (error) {
    if (isApiError(error)) return 0;
    throw error;
  }
}

/** Warns of pods without a controller, which only an integer in `minAvailable` counts. */
function reportUnmanaged(client: ControllerClient, budget: KubeObject, pods: readonly KubeObject[]): void {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const isCounted = typeof minAvailable === 'number' && (maxUnavailable === undefined || maxUnavailable === null);
  if (isCounted || pods.every((pod) => controllerOf(pod) !== undefined)) return;
  const selector = goLabelSelector(objectAt(budget.spec, 'selector'));
  const text = `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
  recordEvent(client, budget, 'controllermanager', 'UnmanagedPods', text, 'Warning');
}
