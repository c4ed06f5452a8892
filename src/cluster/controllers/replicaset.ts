import type { JsonObject, KubeObject } from '../../core/index.ts';
import { earliest, RETRY_POLICIES } from '../../core/index.ts';
import { conditionOf, optionalAt } from '../../kubernetes/index.ts';
import { selects } from '../kinds/selects.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import {
  activePods,
  isAvailable,
  isFinished,
  isReady,
  podFromTemplate,
  PODS,
  podsOf,
  specNumber,
  untilAvailable,
  withoutZeros,
  isTurn,
} from './pods.ts';
import { adoptObject, controllerReference, isAdoptable, isApiError } from './controller-client.ts';
import type { ControllerClient } from './controller-client.ts';
import { controllerOf } from './relation-index.ts';

export const REPLICA_SETS = { group: 'apps', plural: 'replicasets' } as const;

const NAME = 'replicaset-controller';

/** The maximum number of pods that one call creates or removes. The events of these pods cause the next call. */
const BURST = 500;

/** Keeps the pods and the counts of ReplicaSets. */
export const replicaSetController: SimulatedController = {
  name: NAME,
  target: targetIn(REPLICA_SETS),

  *keysOf(event) {
    if (concerns(event, 'apps', 'replicasets')) yield event.stored.key;
    if (!concerns(event, '', 'pods') || !isTurn(event)) return;
    const owner = controllerOf(event.stored.object);
    if (owner?.kind === 'ReplicaSet') yield `${event.stored.object.metadata.namespace ?? ''}/${owner.name}`;
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const set = client.get(REPLICA_SETS, namespace, name);
    if (set === undefined) return;
    const pods = podsOf(client, set);
    if (set.metadata.deletionTimestamp !== undefined) return report(client, set, pods, undefined);
    const { changed, problem } = scale(client, set, activePods(pods));
    const again = report(client, set, changed ? podsOf(client, set) : pods, problem);
    return earliest([problem === undefined ? undefined : RETRY_POLICIES.simulatedController.initialMs, again]);
  },
};

interface Scaling {
  /** Has this call changed the pods? */
  readonly changed: boolean;
  /** The API's message when it refused a new pod. */
  readonly problem?: string;
}

/** Creates missing pods or removes surplus ones. */
function scale(client: ControllerClient, set: KubeObject, pods: readonly KubeObject[]): Scaling {
  const wanted = specNumber(set, 'replicas', 1);
  if (pods.length === wanted) return { changed: false };
  if (pods.length > wanted) {
    removePods(client, set, pods, Math.min(BURST, pods.length - wanted));
    return { changed: true };
  }
  const missing = wanted - pods.length - adoptPods(client, set);
  for (let count = 0; count < Math.min(BURST, missing); count += 1) {
    const problem = createPod(client, set);
    if (problem !== undefined) return { changed: true, problem };
  }
  // Adoption may have taken too many pods. The events of the adopted pods cause the next call, which removes the
  // surplus.
  return { changed: true };
}

/** Removes pods that are not ready first, and then the youngest ones. */
function removePods(client: ControllerClient, set: KubeObject, pods: readonly KubeObject[], count: number): void {
  const age = (pod: KubeObject) => Date.parse(String(pod.metadata.creationTimestamp));
  const ordered = pods.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)) || age(b) - age(a));
  for (const pod of ordered.slice(0, count)) {
    client.remove(pod);
    recordEvent(client, set, NAME, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
  }
}

function createPod(client: ControllerClient, set: KubeObject): string | undefined {
  const { metadata, spec } = podFromTemplate(set);
  const own = {
    generateName: `${set.metadata.name ?? ''}-`,
    namespace: set.metadata.namespace ?? '',
    ownerReferences: [controllerReference(set)],
  };
  try {
    const pod = client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...own }, spec });
    recordEvent(client, set, NAME, 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
    return undefined;
  } catch (error) {
    if (!isApiError(error)) throw error;
    // Only the first refusal becomes an Event. The controller tries again later.
    if (conditionOf(set, 'ReplicaFailure') !== undefined) return error.message;
    recordEvent(client, set, NAME, 'FailedCreate', `Error creating: ${error.message}`, 'Warning');
    return error.message;
  }
}

/** Adopts pods that the selector selects and that have no controller. Returns their number. */
function adoptPods(client: ControllerClient, set: KubeObject): number {
  const selector = optionalAt(set.spec, 'selector');
  let adopted = 0;
  if (selector === undefined) return adopted;
  for (const pod of client.list(PODS, set.metadata.namespace ?? '')) {
    if (!isAdoptable(pod) || isFinished(pod) || !selects(selector, pod.metadata.labels ?? {})) continue;
    adoptObject(client, set, pod);
    adopted += 1;
  }
  return adopted;
}

/** Writes the counts. Returns the milliseconds until the next ready pod becomes available. */
function report(
  client: ControllerClient,
  set: KubeObject,
  all: readonly KubeObject[],
  problem: string | undefined,
): number | undefined {
  const pods = activePods(all);
  const minReady = specNumber(set, 'minReadySeconds', 0);
  const now = client.now();
  client.updateStatus(set, {
    ...withoutZeros({
      fullyLabeledReplicas: pods.length,
      readyReplicas: countOf(pods, isReady),
      availableReplicas: countOf(pods, (pod) => isAvailable(pod, minReady, now)),
    }),
    replicas: pods.length,
    observedGeneration: set.metadata.generation ?? 1,
    terminatingReplicas: countOf(all, (pod) => pod.metadata.deletionTimestamp !== undefined),
    ...(problem === undefined ? {} : { conditions: [failureOf(client, set, problem)] }),
  });
  return untilAvailable(pods, minReady, now);
}

function countOf(pods: readonly KubeObject[], holds: (pod: KubeObject) => boolean): number {
  let count = 0;
  for (const pod of pods) if (holds(pod)) count += 1;
  return count;
}

/**
 * The condition with the refusal of a new pod. The condition keeps the text of the first refusal, because each later
 * refusal names another random pod and would therefore cause a write.
 */
function failureOf(client: ControllerClient, set: KubeObject, message: string): JsonObject {
  const known = conditionOf(set, 'ReplicaFailure');
  if (known !== undefined) return known;
  return {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: client.timestamp(),
    reason: 'FailedCreate',
    message,
  };
}
