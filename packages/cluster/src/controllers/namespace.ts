import { type JsonObject, type KubeObject, RETRY_POLICIES } from '@typekro/kit/core';
import { objectsAt, transitionTimeOf } from '@typekro/kit/kubernetes';
import type { ServedResource } from '../registry/served-resource.ts';
import { type SimulatedController, Batch, concerns, targetIn } from './simulated-controller.ts';
import { type ControllerClient, isApiError } from './controller-client.ts';
import { isHeldByCollector } from './garbage-collector.ts';
import { PODS } from './pods/pod-state.ts';

const NAMESPACES = { group: '', plural: 'namespaces' } as const;

/** The objects of one kind that a namespace still has while it is being deleted. */
interface Remaining {
  readonly resource: ServedResource;
  readonly objects: readonly KubeObject[];
}

/**
 * Deletes the content of a Terminating namespace. Deletes the other objects only after all pods are gone, so that a
 * running pod keeps its configuration and its network policies. The conditions of the namespace list the remaining
 * objects and the finalizers that keep them. When no object remains, the namespace is finalized.
 */
export const namespaceController: SimulatedController = {
  name: 'namespace-controller',
  target: targetIn(NAMESPACES),

  *keysOf(event, client) {
    if (concerns(event, '', 'namespaces')) {
      if (event.type !== 'DELETED' && event.stored.object.metadata.deletionTimestamp !== undefined)
        yield event.stored.key;
      return;
    }
    const { namespace } = event.stored.object.metadata;
    if (namespace === undefined || event.type === 'ADDED') return;
    if (client.get(NAMESPACES, '', namespace)?.metadata.deletionTimestamp !== undefined) yield namespace;
  },

  reconcile(name, client) {
    const namespace = client.get(NAMESPACES, '', name);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    const refusals = new Map<string, string>();
    if (removesMany(client, client.list(PODS, name), refusals)) return 'next';
    const hasPods = client.list(PODS, name).length > 0;
    // Like kube-controller-manager, this controller does not count objects while pods remain.
    const content = () => (hasPods ? [] : contentOf(client, name));
    const objects = content().flatMap((each) => each.objects);
    if (removesMany(client, objects, refusals)) return 'next';
    const remaining = content();
    client.updateStatus(namespace, {
      ...namespace.status,
      conditions: conditions(namespace, remaining, [...refusals.values()], client.timestamp()),
    });
    const live = client.get(NAMESPACES, '', name);
    if (!hasPods && remaining.length === 0 && live !== undefined)
      client.update({ ...live, spec: { ...live.spec, finalizers: [] } }, 'finalize');
    return refusals.size > 0 ? RETRY_POLICIES.simulatedController.initialMs : undefined;
  },
};

/**
 * Removes the first objects. Returns true when others remain. A deletion with `Background` removes the finalizers of the
 * garbage collector, so no owners wait for each other. If the API refuses a deletion, e.g. because of a webhook, adds the
 * message to `refusals`, and leaves the other objects of the kind for the next try.
 */
function removesMany(client: ControllerClient, objects: readonly KubeObject[], refusals: Map<string, string>): boolean {
  const present = ({ metadata }: KubeObject) => metadata.deletionTimestamp === undefined;
  const batch = new Batch();
  for (const object of objects.filter((each) => present(each) || isHeldByCollector(each))) {
    if (refusals.has(object.kind)) continue;
    try {
      client.remove(object, { propagation: 'Background' });
    } catch (error) {
      if (!isApiError(error)) throw error;
      refusals.set(object.kind, error.message);
    }
    if (batch.isFullWith(object)) return true;
  }
  return false;
}

function contentOf(client: ControllerClient, namespace: string): Remaining[] {
  const found = client
    .resources()
    .filter((resource) => resource.namespaced)
    .map((resource) => ({ resource, objects: client.list(resource, namespace) }));
  return found.filter(({ objects }) => objects.length > 0);
}

function conditions(
  namespace: KubeObject,
  remaining: readonly Remaining[],
  refusals: readonly string[],
  time: string,
): JsonObject[] {
  const content = remaining
    .map(({ resource, objects }) => `${resource.plural}.${resource.group} has ${objects.length} resource instances`)
    .toSorted();
  const counts = new Map<string, number>();
  for (const object of remaining.flatMap(({ objects }) => objects)) {
    for (const finalizer of object.metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  }
  const finalizers = [...counts].map(([name, count]) => `${name} in ${count} resource instances`).toSorted();
  const isLeft = `Some resources are remaining: ${content.join(', ')}`;
  const isHeld = `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`;
  const refusedText = `Failed to delete all resource types, ${refusals.length} remaining: ${refusals.join(', ')}`;
  const deletedText = 'All content successfully deleted, may be waiting on finalization';
  const noneHeld = 'All content-preserving finalizers finished';
  const wanted = [
    ['DeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'],
    ['DeletionGroupVersionParsingFailure', false, 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    refusals.length > 0
      ? ['DeletionContentFailure', true, 'ContentDeletionFailed', refusedText]
      : ['DeletionContentFailure', false, 'ContentDeleted', deletedText],
    remaining.length > 0
      ? ['ContentRemaining', true, 'SomeResourcesRemain', isLeft]
      : ['ContentRemaining', false, 'ContentRemoved', 'All content successfully removed'],
    finalizers.length > 0
      ? ['FinalizersRemaining', true, 'SomeFinalizersRemain', isHeld]
      : ['FinalizersRemaining', false, 'ContentHasNoFinalizers', noneHeld],
  ] as const;
  const before = objectsAt(namespace.status, 'conditions');
  return wanted.map(([suffix, problem, reason, message]) => {
    const [type, status] = [`Namespace${suffix}`, problem ? 'True' : 'False'];
    const known = before.find((condition) => condition['type'] === type);
    return { type, status, lastTransitionTime: transitionTimeOf(known, status, time), reason, message };
  });
}
