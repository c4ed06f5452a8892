import { type JsonObject, type KubeObject, withGroup } from '@typekro/kit/core';
import { Failure, goQuote } from '@typekro/kit/golang';
import { countAt, labelSelectorMatcher, objectAt, optionalAt, parseTime } from '@typekro/kit/kubernetes';
import { disruptionConditions } from '../../kinds/disruption-condition.ts';
import { goLabelSelector } from '../../types/label-selector-text.ts';
import { type SimulatedController, concerns, keyOfObject, splitKey, targetIn } from '../simulated-controller.ts';
import { recordEvent } from '../events.ts';
import { isReady, PODS, isNotablePodEvent } from '../pods/pod-state.ts';
import { share } from './rollout-plan.ts';
import { type ControllerClient, isApiError } from '../controller-client.ts';
import { controllerOf } from '../relation-index.ts';

/** The resource of PodDisruptionBudgets. */
export const BUDGETS = { group: 'policy', plural: 'poddisruptionbudgets' } as const;

/**
 * The time within which the deletion of an evicted pod must begin, in milliseconds. After this time, the pod is
 * expected to stay.
 */
const DELETION_TIMEOUT_MS = 120_000;

/** The component of the Events of this controller. */
const COMPONENT = 'controllermanager';

/**
 * Computes the number of pods that may currently be evicted for each PodDisruptionBudget. Evictions read this number,
 * and list the evicted pods in the budget. A listed pod does not count as healthy, even if it is still ready.
 */
export const disruptionController: SimulatedController = {
  name: 'disruption-controller',
  target: targetIn(BUDGETS),

  *keysOf(event, client) {
    if (concerns(event, 'policy', 'poddisruptionbudgets') && event.type !== 'DELETED') yield event.stored.key;
    if (!concerns(event, '', 'pods') || client.isEmpty(BUDGETS) || !isNotablePodEvent(event)) return;
    const pods = [event.stored.object, event.previous?.object].filter((pod) => pod !== undefined);
    for (const budget of client.list(BUDGETS, event.stored.object.metadata.namespace ?? '')) {
      if (pods.some(coveredBy(budget))) yield keyOfObject(budget);
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const budget = client.get(BUDGETS, namespace, name);
    if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return;
    const pods = client.list(PODS, namespace).filter(coveredBy(budget));
    if (pods.length === 0) recordEvent(client, budget, COMPONENT, 'NoPods', 'No matching pods found');
    const health = healthOf(client, budget, pods);
    if (health instanceof Failure) return reportFailure(client, budget, health.message);
    const disrupted = disruptedPods(client, budget, pods);
    const healthy = pods.filter(
      (pod) =>
        isReady(pod) &&
        pod.metadata.deletionTimestamp === undefined &&
        !Object.hasOwn(disrupted.pods, pod.metadata.name ?? ''),
    ).length;
    const { expected, desired } = health;
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

/** Sets the number of allowed evictions to 0 for a budget whose numbers cannot be computed. Keeps its other numbers. */
function reportFailure(client: ControllerClient, budget: KubeObject, message: string): void {
  const text = `Failed to calculate the number of expected pods: ${message}`;
  recordEvent(client, budget, COMPONENT, 'CalculateExpectedPodCountFailed', text, 'Warning');
  const observed = countAt(budget.status, 'observedGeneration');
  const conditions = disruptionConditions(budget, 0, client.timestamp()).map((condition) => {
    if (condition['type'] !== 'DisruptionAllowed') return condition;
    const { observedGeneration: _computed, ...others } = condition;
    return { ...others, ...(observed === 0 ? {} : { observedGeneration: observed }), reason: 'SyncFailed', message };
  });
  client.updateStatus(budget, { ...budget.status, disruptionsAllowed: 0, conditions });
}

/**
 * Returns the evicted pods of a budget that are not being deleted yet, with their eviction times. `againMs` is the time
 * until `DELETION_TIMEOUT_MS` ends for the first of these pods.
 */
function disruptedPods(
  client: ControllerClient,
  budget: KubeObject,
  pods: readonly KubeObject[],
): { readonly pods: JsonObject; readonly againMs: number | undefined } {
  const listed = objectAt(budget.status, 'disruptedPods');
  const kept: JsonObject = {};
  let againMs: number | undefined;
  if (Object.keys(listed).length === 0) return { pods: kept, againMs };
  for (const pod of pods) {
    const { name = '', namespace = '', deletionTimestamp } = pod.metadata;
    const time = Object.hasOwn(listed, name) ? String(listed[name]) : '';
    if (time === '' || deletionTimestamp !== undefined) continue;
    const evicted = parseTime(time);
    const remainingMs = (typeof evicted === 'number' ? evicted : 0) + DELETION_TIMEOUT_MS - client.now();
    if (remainingMs <= 0) {
      const budgetName = `${namespace}/${budget.metadata.name ?? ''}`;
      const text = `Pod was expected by PDB ${budgetName} to be deleted but it wasn't`;
      recordEvent(client, pod, COMPONENT, 'NotDeleted', text, 'Warning');
      continue;
    }
    kept[name] = time;
    againMs = Math.min(againMs ?? remainingMs, remainingMs);
  }
  return { pods: kept, againMs };
}

function coveredBy(budget: KubeObject): (pod: KubeObject) => boolean {
  const selector = optionalAt(budget.spec, 'selector');
  const matches = selector && labelSelectorMatcher(selector);
  return (pod) => matches?.(pod.metadata.labels) === true;
}

/**
 * Computes the expected number of pods, and the number of pods that must stay healthy. If `minAvailable` is an integer,
 * the expected number is the number of selected pods, including pods that have ended. If not, it is the sum of the
 * replicas in the Scales.
 */
function healthOf(
  client: ControllerClient,
  budget: KubeObject,
  pods: readonly KubeObject[],
): { expected: number; desired: number } | Failure {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined && maxUnavailable !== null) {
    const expected = scaleOf(client, pods);
    if (expected instanceof Failure) return expected;
    return { expected, desired: Math.max(0, expected - share(maxUnavailable, expected, Math.ceil)) };
  }
  if (typeof minAvailable === 'number') return { expected: pods.length, desired: minAvailable };
  const expected = scaleOf(client, pods);
  if (expected instanceof Failure) return expected;
  return { expected, desired: share(minAvailable ?? 0, expected, Math.ceil) };
}

/**
 * Returns the sum of the replicas of the pods' controllers, from their Scales. The pods of a Deployment count for the
 * Deployment and not for its ReplicaSets, of which it has two during a rollout. Pods without a controller are ignored.
 * Fails for a controller that does not exist or has no Scale, such as a DaemonSet.
 */
function scaleOf(client: ControllerClient, pods: readonly KubeObject[]): number | Failure {
  const scales = new Map<string, number>();
  const seen = new Set<string>();
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference === undefined || seen.has(reference.uid)) continue;
    seen.add(reference.uid);
    const resource = client.resourceOfKind(reference.apiVersion, reference.kind);
    if (resource === undefined) {
      return new Failure(`no matches for kind ${goQuote(reference.kind)} in version ${goQuote(reference.apiVersion)}`);
    }
    const { plural, group } = resource;
    if (!resource.subresources.has('scale')) {
      return new Failure(`${withGroup(plural, group)} does not implement the scale subresource`);
    }
    const owner = ownerOf(client, pod);
    if (owner === undefined) return new Failure(`found no controllers for pod ${goQuote(pod.metadata.name ?? '')}`);
    const outer = owner.kind === 'ReplicaSet' ? ownerOf(client, owner) : undefined;
    const scaled = outer?.kind === 'Deployment' ? outer : owner;
    const replicas = replicasOf(client, scaled);
    if (replicas instanceof Failure) return replicas;
    scales.set(scaled.metadata.uid ?? '', replicas);
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
}

function ownerOf(client: ControllerClient, object: KubeObject): KubeObject | undefined {
  const reference = controllerOf(object);
  const resource = reference && client.resourceOfKind(reference.apiVersion, reference.kind);
  const owner = resource && client.get(resource, object.metadata.namespace ?? '', reference.name);
  return owner?.metadata.uid === reference?.uid ? owner : undefined;
}

/** Returns the replicas in the Scale of an object. */
function replicasOf(client: ControllerClient, owner: KubeObject): number | Failure {
  try {
    return countAt(client.scaleOf(owner), 'spec', 'replicas');
  } catch (error) {
    if (isApiError(error)) return new Failure(error.message);
    throw error;
  }
}

/** Warns about pods without a controller. Such pods count only when `minAvailable` is an integer. */
function reportUnmanaged(client: ControllerClient, budget: KubeObject, pods: readonly KubeObject[]): void {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const isCounted = typeof minAvailable === 'number' && (maxUnavailable === undefined || maxUnavailable === null);
  if (isCounted || pods.every((pod) => controllerOf(pod) !== undefined)) return;
  const selector = goLabelSelector(objectAt(budget.spec, 'selector'));
  const text = `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
  recordEvent(client, budget, COMPONENT, 'UnmanagedPods', text, 'Warning');
}
