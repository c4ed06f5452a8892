import { type JsonObject, type KubeObject, earliest, RETRY_POLICIES } from '@typekro/kit/core';
import { conditionOf, labelMapMatcher, objectAt, objectsAt, optionalAt } from '@typekro/kit/kubernetes';
import { type ControlRule, controlByRule, ownerKeys } from './control-by-rule.ts';
import { type SimulatedController, Batch, concerns, firstBatch, targetIn } from '../simulated-controller.ts';
import { recordEvent } from '../events.ts';
import {
  PODS,
  activePods,
  isAvailable,
  isFinished,
  isNotablePodEvent,
  isTerminating,
  podFromTemplate,
  podsOf,
  specNumber,
  untilAvailable,
  withoutZeros,
} from '../pods/pod-state.ts';
import { type ControllerClient, type ResourceName, controllerReference, isApiError } from '../controller-client.ts';
import { sumOf } from '../pods/pod-tallies.ts';
import { controllerOf } from '../relation-index.ts';
import { removalOrder } from './removal-order.ts';

export const REPLICA_SETS = { group: 'apps', plural: 'replicasets' } as const;
export const REPLICATION_CONTROLLERS = { group: '', plural: 'replicationcontrollers' } as const;

/** A kind whose objects maintain a number of equal pods. */
interface ReplicaKind {
  readonly kind: 'ReplicaSet' | 'ReplicationController';
  readonly resource: ResourceName;
  /** The name of the controller, which is the source of its events. */
  readonly name: string;
  /** Returns the label selector of an object. */
  readonly selectorOf: (set: KubeObject) => JsonObject | undefined;
  /** True when the status counts terminating pods. */
  readonly countsTerminating: boolean;
}

/** Maintains the pods and the counts of ReplicaSets. */
export const replicaSetController = replicaController({
  kind: 'ReplicaSet',
  resource: REPLICA_SETS,
  name: 'replicaset-controller',
  selectorOf: (set) => optionalAt(set.spec, 'selector'),
  countsTerminating: true,
});

/** Maintains the pods and the counts of ReplicationControllers, by the rules of ReplicaSets. */
export const replicationController = replicaController({
  kind: 'ReplicationController',
  resource: REPLICATION_CONTROLLERS,
  name: 'replication-controller',
  selectorOf(set) {
    const matchLabels = optionalAt(set.spec, 'selector');
    return matchLabels === undefined ? undefined : { matchLabels };
  },
  countsTerminating: false,
});

/** Has the pod ended, or is it being deleted? The controllers ignore such pods. */
function isInactive(pod: KubeObject): boolean {
  return isFinished(pod) || isTerminating(pod);
}

function replicaController(kind: ReplicaKind): SimulatedController {
  const { group, plural } = kind.resource;
  const { selectorOf } = kind;
  const rule: ControlRule = {
    owners: kind,
    resource: PODS,
    selectorOf,
    ignores: isInactive,
    labelsOf: (client, set) => client.podTallies(set).flatMap(({ active, labels }) => (active > 0 ? [labels] : [])),
  };
  return {
    name: kind.name,
    target: targetIn(kind.resource),

    *keysOf(event, client) {
      if (concerns(event, group, plural)) yield event.stored.key;
      if (concerns(event, '', 'pods') && isNotablePodEvent(event)) yield* ownerKeys(event, client, rule);
    },

    reconcile(key, client) {
      const set = client.at(kind.resource, key);
      if (set === undefined) return;
      if (!controlByRule(client, set, rule)) return 'next';
      if (set.metadata.deletionTimestamp !== undefined) return report(client, kind, set, undefined);
      const problem = scale(client, kind, set);
      const again = report(client, kind, set, problem);
      return earliest([problem === undefined ? undefined : RETRY_POLICIES.simulatedController.initialMs, again]);
    },
  };
}

/** A refusal by the API. */
interface Problem {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

/** Creates missing pods or removes surplus pods. If the API refuses one of these writes, returns the refusal. */
function scale(client: ControllerClient, kind: ReplicaKind, set: KubeObject): Problem | undefined {
  const wanted = specNumber(set, 'replicas', 1);
  const present = sumOf(client.podTallies(set), ({ active }) => active);
  if (present > wanted) {
    return removePods(client, kind, set, activePods(podsOf(client, set)), present - wanted);
  }
  const batch = new Batch(client);
  for (let missing = wanted - present; missing > 0; missing -= 1) {
    const problem = createPod(client, kind, set);
    if (problem !== undefined) return problem;
    if (batch.isFullWith(set)) break;
  }
  return undefined;
}

/** Removes a batch of the first `count` pods in `removalOrder`. */
function removePods(
  client: ControllerClient,
  kind: ReplicaKind,
  set: KubeObject,
  pods: readonly KubeObject[],
  count: number,
): Problem | undefined {
  const surplus = removalOrder(pods, relatedPods(client, kind, set), client.now()).slice(0, count);
  for (const pod of firstBatch(surplus)) {
    try {
      client.remove(pod);
    } catch (error) {
      return refused(client, kind, set, 'FailedDelete', error);
    }
    recordEvent(client, set, kind.name, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
  }
  return undefined;
}

/**
 * Returns the active pods of all sets with the same controller, such as the ReplicaSets of a Deployment. For a set
 * without a controller, returns no pods, as in Kubernetes.
 */
function relatedPods(client: ControllerClient, { resource }: ReplicaKind, set: KubeObject): readonly KubeObject[] {
  const controller = controllerOf(set);
  if (controller === undefined) return [];
  const { apiVersion, kind, uid } = controller;
  const sets = client.controlled({ apiVersion, kind, metadata: { uid } }, resource);
  return sets.flatMap((each) => activePods(podsOf(client, each)));
}

function createPod(client: ControllerClient, kind: ReplicaKind, set: KubeObject): Problem | undefined {
  const { metadata, spec } = podFromTemplate(set);
  const own = {
    generateName: `${set.metadata.name ?? ''}-`,
    namespace: set.metadata.namespace ?? '',
    ownerReferences: [controllerReference(set)],
  };
  try {
    const pod = client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...own }, spec });
    recordEvent(client, set, kind.name, 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
    return undefined;
  } catch (error) {
    return refused(client, kind, set, 'FailedCreate', error);
  }
}

/**
 * Converts the error of a refused write to a `Problem`. Throws any other error. Records an Event only if the set has no
 * condition `ReplicaFailure` yet.
 */
function refused(
  client: ControllerClient,
  kind: ReplicaKind,
  set: KubeObject,
  reason: Problem['reason'],
  error: unknown,
): Problem {
  if (!isApiError(error)) throw error;
  if (conditionOf(set, 'ReplicaFailure') === undefined) {
    const verb = reason === 'FailedCreate' ? 'creating' : 'deleting';
    recordEvent(client, set, kind.name, reason, `Error ${verb}: ${error.message}`, 'Warning');
  }
  return { reason, message: error.message };
}

/** Writes the counts. Returns the milliseconds until the next ready pod becomes available. */
function report(
  client: ControllerClient,
  kind: ReplicaKind,
  set: KubeObject,
  problem: Problem | undefined,
): number | undefined {
  const tallies = client.podTallies(set);
  const matchLabels = objectAt(objectAt(objectAt(set.spec, 'template'), 'metadata'), 'labels');
  const isLabelled = labelMapMatcher(matchLabels);
  const failure = problem === undefined ? [] : [failureOf(client, set, problem)];
  const others = objectsAt(set.status, 'conditions').filter(({ type }) => type !== 'ReplicaFailure');
  const conditions = [...others, ...failure];
  const readyReplicas = sumOf(tallies, ({ ready }) => ready);
  const { available, again } = availability(client, set, readyReplicas);
  client.updateStatus(set, {
    ...withoutZeros({
      fullyLabeledReplicas: sumOf(tallies, ({ labels, active }) => (isLabelled(labels) ? active : 0)),
      readyReplicas,
      availableReplicas: available,
    }),
    replicas: sumOf(tallies, ({ active }) => active),
    observedGeneration: set.metadata.generation ?? 1,
    ...(kind.countsTerminating ? { terminatingReplicas: sumOf(tallies, ({ terminating }) => terminating) } : {}),
    ...(conditions.length === 0 ? {} : { conditions }),
  });
  return again;
}

/**
 * Returns the number of available pods, and the milliseconds until the next pod becomes available. Reads the pods only
 * if `minReadySeconds` is set.
 */
function availability(
  client: ControllerClient,
  set: KubeObject,
  ready: number,
): { readonly available: number; readonly again?: number | undefined } {
  const minReady = specNumber(set, 'minReadySeconds', 0);
  if (minReady === 0) return { available: ready };
  const now = client.now();
  const pods = activePods(podsOf(client, set));
  const available = pods.filter((pod) => isAvailable(pod, minReady, now)).length;
  return { available, again: untilAvailable(pods, minReady, now) };
}

/**
 * Returns the condition for a refusal. The condition keeps the message of the first refusal, because each later message
 * contains another random pod name and would cause a write.
 */
function failureOf(client: ControllerClient, set: KubeObject, { reason, message }: Problem): JsonObject {
  const known = conditionOf(set, 'ReplicaFailure');
  if (known !== undefined) return known;
  return { type: 'ReplicaFailure', status: 'True', lastTransitionTime: client.timestamp(), reason, message };
}
