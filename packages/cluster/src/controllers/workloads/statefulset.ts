import { type KubeObject, earliest, RETRY_POLICIES } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';
import { type ControlRule, controlByRule, ownerKeys } from './control-by-rule.ts';
import { type SimulatedController, Batch, concerns, targetIn } from '../simulated-controller.ts';
import { recordEvent } from '../events.ts';
import {
  isAvailable,
  isFinished,
  isReady,
  isTerminating,
  PODS,
  podsOf,
  specNumber,
  untilAvailable,
  isNotablePodEvent,
} from '../pods/pod-state.ts';
import { currentRevision, REVISION_HASH, REVISIONS } from './revisions.ts';
import { createMember, giveClaimsToPod, ordinalOf, ownClaims, restoreIdentity } from './statefulset-members.ts';
import type { ControllerClient } from '../controller-client.ts';

const NAME = 'statefulset-controller';
const STATEFUL_SETS = { group: 'apps', plural: 'statefulsets' } as const;

const OWNERS = { kind: 'StatefulSet', resource: STATEFUL_SETS } as const;

/**
 * A member's name consists of the set's name and a number. The set releases a member that no longer matches the
 * selector, even though the pod keeps its name.
 */
const MEMBERS: ControlRule = { owners: OWNERS, resource: PODS, accepts: (set, pod) => ordinalOf(set, pod) >= 0 };

const REVISIONS_OF_SET: ControlRule = { owners: OWNERS, resource: REVISIONS, keepsAll: true };

/**
 * Creates, updates and deletes the numbered pods of StatefulSets in order, together with their claims and revisions.
 */
export const statefulSetController: SimulatedController = {
  name: NAME,
  target: targetIn(STATEFUL_SETS),

  *keysOf(event, client) {
    if (concerns(event, 'apps', 'statefulsets')) yield event.stored.key;
    if (concerns(event, '', 'pods') && isNotablePodEvent(event)) yield* ownerKeys(event, client, MEMBERS);
  },

  reconcile(key, client) {
    const set = client.at(STATEFUL_SETS, key);
    if (set === undefined) return;
    if (!controlByRule(client, set, MEMBERS) || !controlByRule(client, set, REVISIONS_OF_SET)) return 'next';
    const inUse = new Set(podsOf(client, set).map(revisionOf));
    for (const field of ['currentRevision', 'updateRevision']) inUse.add(textAt(set.status, field));
    const { revision, collisions } = currentRevision(client, set, 'controller.kubernetes.io/hash', inUse);
    const update = revision.metadata.name ?? '';
    const current = textAt(set.status, 'currentRevision') || update;
    if (set.metadata.deletionTimestamp === undefined) {
      ownClaims(client, set);
      if (!step(client, set, { current, update })) {
        const next = report(client, set, { current, update }, collisions);
        return earliest([RETRY_POLICIES.simulatedController.initialMs, next]);
      }
    }
    return report(client, set, { current, update }, collisions);
  },
};

interface Revisions {
  /** The names of two revisions: a rollout changes pods from `current` to `update`. */
  readonly current: string;
  readonly update: string;
}

const revisionOf = (pod: KubeObject): string => pod.metadata.labels?.[REVISION_HASH] ?? '';

/**
 * Creates missing pods, and removes ended and surplus pods. With ordered management, one call changes one pod, and with
 * parallel management a batch, whose events cause the next call. Pods of an old revision are always replaced one by one.
 * Returns false when the API refuses a pod; the caller must then try again.
 */
function step(client: ControllerClient, set: KubeObject, revisions: Revisions): boolean {
  const ordered = set.spec?.['podManagementPolicy'] !== 'Parallel';
  const first = firstOrdinal(set);
  const end = first + specNumber(set, 'replicas', 1);
  const members = new Map(podsOf(client, set).map((pod) => [ordinalOf(set, pod), pod]));
  const minReady = specNumber(set, 'minReadySeconds', 0);
  const healthy = (pod: KubeObject) => !isTerminating(pod) && isAvailable(pod, minReady, client.now());
  const partition = partitionOf(set);
  const batch = new Batch(client);
  const isOver = () => ordered || batch.isFullWith(set);
  for (let ordinal = first; ordinal < end; ordinal += 1) {
    const pod = members.get(ordinal);
    if (pod === undefined) {
      const revision = ordinal < partition ? revisions.current : revisions.update;
      if (!createMember(client, set, ordinal, revision)) return false;
      if (isOver()) return true;
    } else if (isFinished(pod) && !isTerminating(pod)) {
      remove(client, set, pod);
      if (isOver()) return true;
    } else if (ordered && !healthy(pod)) return true;
    else restoreIdentity(client, set, pod);
  }
  const surplus = [...members].filter(([ordinal]) => ordinal < first || ordinal >= end).toSorted(([a], [b]) => b - a);
  // An ordered set removes the surplus pod with the highest ordinal. If this pod is unhealthy, and another unhealthy
  // surplus pod has a lower ordinal, the set waits.
  const firstUnhealthy = surplus.findLast(([, pod]) => !healthy(pod))?.[1];
  for (const [, pod] of surplus) {
    if (!isTerminating(pod)) {
      if (ordered && !healthy(pod) && pod !== firstUnhealthy) return true;
      giveClaimsToPod(client, set, pod);
      remove(client, set, pod);
      if (isOver()) return true;
    }
    if (ordered) return true;
  }
  if (!isOnDelete(set)) replaceOutdated(client, set, members, revisions, healthy);
  return true;
}

/**
 * Removes one pod of an old revision; a later call of `step` creates it again. The search runs from the last ordinal
 * down to the partition.
 */
function replaceOutdated(
  client: ControllerClient,
  set: KubeObject,
  members: ReadonlyMap<number, KubeObject>,
  revisions: Revisions,
  healthy: (pod: KubeObject) => boolean,
): void {
  const first = firstOrdinal(set);
  const end = first + specNumber(set, 'replicas', 1);
  for (let ordinal = end - 1; ordinal >= partitionOf(set); ordinal -= 1) {
    const pod = members.get(ordinal);
    if (pod === undefined || isTerminating(pod)) return;
    if (revisionOf(pod) !== revisions.update) return remove(client, set, pod);
    if (!healthy(pod)) return;
  }
}

/**
 * The lowest ordinal that a rollout updates. Pods with a lower ordinal keep the revision from which the rollout
 * started. As in Kubernetes, the partition counts from the first ordinal.
 */
function partitionOf(set: KubeObject): number {
  const partition = isOnDelete(set) ? 0 : numberAt(set.spec, 'updateStrategy', 'rollingUpdate', 'partition');
  return firstOrdinal(set) + (partition ?? 0);
}

const firstOrdinal = (set: KubeObject): number => numberAt(set.spec, 'ordinals', 'start') ?? 0;

const isOnDelete = (set: KubeObject): boolean => textAt(set.spec, 'updateStrategy', 'type') === 'OnDelete';

function remove(client: ControllerClient, set: KubeObject, pod: KubeObject): void {
  client.remove(pod);
  const text = `Delete Pod ${pod.metadata.name ?? ''} in StatefulSet ${set.metadata.name ?? ''} successful`;
  recordEvent(client, set, NAME, 'SuccessfulDelete', text);
}

function report(
  client: ControllerClient,
  before: KubeObject,
  { current, update }: Revisions,
  collisions: number,
): number | undefined {
  const set = client.get(STATEFUL_SETS, before.metadata.namespace ?? '', before.metadata.name ?? '');
  if (set === undefined) return undefined;
  // As in Kubernetes, a pod that is being deleted still counts, and counts as ready while its `Ready` condition is
  // true.
  const pods = podsOf(client, set);
  const replicas = specNumber(set, 'replicas', 1);
  const minReady = specNumber(set, 'minReadySeconds', 0);
  const living = pods.filter((pod) => !isTerminating(pod));
  const updated = living.filter((pod) => revisionOf(pod) === update).length;
  const ready = pods.filter((pod) => isReady(pod) && !isFinished(pod));
  // The rollout is complete when every pod has the new revision and is ready. `OnDelete` has no rollouts.
  const complete = !isOnDelete(set) && updated === replicas && ready.length === replicas && pods.length === replicas;
  const revision = complete ? update : current;
  const counted = living.filter((pod) => revisionOf(pod) === revision).length;
  client.updateStatus(set, {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: pods.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isAvailable(pod, minReady, client.now())).length,
    ...(counted > 0 ? { currentReplicas: counted } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    currentRevision: revision,
    updateRevision: update,
    collisionCount: collisions,
  });
  return untilAvailable(living, minReady, client.now());
}
