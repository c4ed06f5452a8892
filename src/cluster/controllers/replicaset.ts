import type { JsonObject, KubeObject } from '../../core/index.ts';
import { optionalAt } from '../kinds/parts.ts';
import { selects } from '../kinds/workloads.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, soonest, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import {
  activePods,
  conditionOf,
  controllerOf,
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
import { adopt, controllerReference, isAdoptable, isRefusal } from './world.ts';
import type { World } from './world.ts';

export const REPLICA_SETS = { group: 'apps', plural: 'replicasets' } as const;

const NAME = 'replicaset-controller';

/** How long to wait after a refused pod, in milliseconds. */
const RETRY_MS = 1000;

/** Pods made or removed at a time; the events that they cause bring the next ones. */
const BURST = 500;

/** Keeps as many pods as a ReplicaSet asks for, and its counts. */
export const replicaSetController: SimulatedController = {
  name: NAME,
  target: targetIn(REPLICA_SETS),

  *keysOf(event) {
    if (concerns(event, 'apps', 'replicasets')) yield event.stored.key;
    if (!concerns(event, '', 'pods') || !isTurn(event)) return;
    const owner = controllerOf(event.stored.object);
    if (owner?.kind === 'ReplicaSet') yield `${event.stored.object.metadata.namespace ?? ''}/${owner.name}`;
  },

  reconcile(key, world) {
    const { namespace, name } = splitKey(key);
    const set = world.get(REPLICA_SETS, namespace, name);
    if (set === undefined) return;
    const problem = set.metadata.deletionTimestamp === undefined ? scale(world, set) : undefined;
    return soonest(problem === undefined ? undefined : RETRY_MS, report(world, set, problem));
  },
};

/** Makes or removes pods; gives the problem that the API has with a new one. */
function scale(world: World, set: KubeObject): string | undefined {
  const wanted = specNumber(set, 'replicas', 1);
  if (activePods(podsOf(world, set)).length < wanted) adoptPods(world, set);
  const pods = activePods(podsOf(world, set));
  for (let count = pods.length; count < Math.min(wanted, pods.length + BURST); count += 1) {
    const problem = createPod(world, set);
    if (problem !== undefined) return problem;
  }
  // What is not ready goes first, then what is youngest.
  const age = (pod: KubeObject) => Date.parse(String(pod.metadata.creationTimestamp));
  const surplus = pods.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)) || age(b) - age(a));
  for (const pod of surplus.slice(0, Math.min(BURST, Math.max(0, pods.length - wanted)))) {
    world.remove(pod);
    recordEvent(world, set, NAME, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
  }
  return undefined;
}

function createPod(world: World, set: KubeObject): string | undefined {
  const { metadata, spec } = podFromTemplate(set);
  const own = {
    generateName: `${set.metadata.name ?? ''}-`,
    namespace: set.metadata.namespace ?? '',
    ownerReferences: [controllerReference(set)],
  };
  try {
    const pod = world.create({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...own }, spec });
    recordEvent(world, set, NAME, 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Said once where users look for it; the controller tries again later.
    if (conditionOf(set, 'ReplicaFailure') !== undefined) return error.message;
    recordEvent(world, set, NAME, 'FailedCreate', `Error creating: ${error.message}`, 'Warning');
    return error.message;
  }
}

/** Pods without a controller that the selector chooses become the set's. */
function adoptPods(world: World, set: KubeObject): void {
  const selector = optionalAt(set.spec, 'selector');
  if (selector === undefined) return;
  for (const pod of world.list(PODS, set.metadata.namespace ?? '')) {
    if (isAdoptable(pod) && !isFinished(pod) && selects(selector, pod.metadata.labels ?? {})) adopt(world, set, pod);
  }
}

/** Writes the counts; gives the time until the next pod becomes available, where that is a matter of time alone. */
function report(world: World, key: KubeObject, problem: string | undefined): number | undefined {
  const set = world.get(REPLICA_SETS, key.metadata.namespace ?? '', key.metadata.name ?? '');
  if (set === undefined) return undefined;
  const all = podsOf(world, set);
  const pods = activePods(all);
  const minReady = specNumber(set, 'minReadySeconds', 0);
  const ready = pods.filter(isReady);
  const available = ready.filter((pod) => isAvailable(pod, minReady, world.now()));
  world.updateStatus(set, {
    ...withoutZeros({
      fullyLabeledReplicas: pods.length,
      readyReplicas: ready.length,
      availableReplicas: available.length,
    }),
    replicas: pods.length,
    observedGeneration: set.metadata.generation ?? 1,
    terminatingReplicas: all.filter((pod) => pod.metadata.deletionTimestamp !== undefined).length,
    ...(problem === undefined ? {} : { conditions: [failureOf(world, set, problem)] }),
  });
  return untilAvailable(pods, minReady, world.now());
}

/** The text of the first refusal stays: the names in later ones are random, and would never come to rest. */
function failureOf(world: World, set: KubeObject, message: string): JsonObject {
  const known = conditionOf(set, 'ReplicaFailure');
  if (known !== undefined) return known;
  return {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: world.timestamp(),
    reason: 'FailedCreate',
    message,
  };
}
