import type { KubeObject } from '../../core/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import {
  activePods,
  controllerOf,
  isAvailable,
  isReady,
  podFromTemplate,
  podsOf,
  specNumber,
  untilAvailable,
  withoutZeros,
} from './pods.ts';
import { controllerReference } from './world.ts';
import type { World } from './world.ts';

export const REPLICA_SETS = { group: 'apps', plural: 'replicasets' } as const;

/** Pods made or removed at a time; the events that they cause bring the next ones. */
const BURST = 500;

/** Keeps as many pods as a ReplicaSet asks for, and its counts. */
export const replicaSetController: SimulatedController = {
  name: 'replicaset-controller',
  target: targetIn(REPLICA_SETS),

  *keysOf(event) {
    if (concerns(event, 'apps', 'replicasets')) yield event.stored.key;
    if (!concerns(event, '', 'pods')) return;
    const owner = controllerOf(event.stored.object);
    if (owner?.kind === 'ReplicaSet') yield `${event.stored.object.metadata.namespace ?? ''}/${owner.name}`;
  },

  reconcile(key, world) {
    const { namespace, name } = splitKey(key);
    const set = world.get(REPLICA_SETS, namespace, name);
    if (set === undefined) return;
    if (set.metadata.deletionTimestamp === undefined) scale(world, set);
    return report(world, set);
  },
};

function scale(world: World, set: KubeObject): void {
  const pods = activePods(podsOf(world, set));
  const wanted = specNumber(set, 'replicas', 1);
  for (let count = pods.length; count < Math.min(wanted, pods.length + BURST); count += 1) {
    const { metadata, spec } = podFromTemplate(set);
    const pod = world.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata,
        generateName: `${set.metadata.name ?? ''}-`,
        namespace: set.metadata.namespace ?? '',
        ownerReferences: [controllerReference(set)],
      },
      spec,
    });
    recordEvent(world, set, 'replicaset-controller', 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
  }
  // What is not ready goes first, then what is youngest.
  const age = (pod: KubeObject) => Date.parse(String(pod.metadata.creationTimestamp));
  const surplus = pods.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)) || age(b) - age(a));
  for (const pod of surplus.slice(0, Math.min(BURST, Math.max(0, pods.length - wanted)))) {
    world.remove(pod);
    recordEvent(world, set, 'replicaset-controller', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
  }
}

/** Writes the counts; gives the time until the next pod becomes available, where that is a matter of time alone. */
function report(world: World, key: KubeObject): number | undefined {
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
  });
  return untilAvailable(pods, minReady, world.now());
}
