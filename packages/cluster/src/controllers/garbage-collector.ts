import type { KubeObject, OwnerReference } from '@typekro/kit/core';
import { type SimulatedController, Batch, firstBatch, keyOfObject } from './simulated-controller.ts';
import type { ControllerClient } from './controller-client.ts';
import { recordEvent } from './events.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** The minimum number of recorded owners at which the collector drops the owners without dependents. */
const MIN_PRUNED = 500;

/** The uids of removed owners. Uids of owners without dependents are dropped from time to time. */
class RemovedOwners {
  readonly #uids = new Set<string>();
  #pruneAt = MIN_PRUNED;

  add(uid: string, client: ControllerClient): void {
    this.#uids.add(uid);
    if (this.#uids.size < this.#pruneAt) return;
    for (const known of this.#uids) if (client.dependents(known).length === 0) this.#uids.delete(known);
    this.#pruneAt = Math.max(MIN_PRUNED, 2 * this.#uids.size);
  }

  has(uid: string): boolean {
    return this.#uids.has(uid);
  }

  clear(): void {
    this.#uids.clear();
    this.#pruneAt = MIN_PRUNED;
  }
}

/**
 * The garbage collector. It removes dependents whose owners do not exist. An owner of an unserved kind counts as
 * existing, except if the collector has seen its removal. In a foreground deletion, the collector keeps the owner until
 * the dependents that block the deletion are gone. It removes the references of orphaned dependents. A key is
 * `plural.group namespace/name` of an object. The key of an owner is queued when the owner is marked for deletion, and
 * then whenever a dependent is removed. The key of a dependent is queued when the dependent changes, or one of its
 * owners is removed.
 */
export function garbageCollector(): SimulatedController {
  const removed = new RemovedOwners();
  /** The keys of the owners that the collector's finalizers keep, by uid. A dependent can be in another namespace. */
  const held = new Map<string, string>();
  return {
    name: 'generic-garbage-collector',
    target: objectOf,
    ownFailures: true,

    *keysOf(event, client) {
      const { stored, collection, type } = event;
      const key = keyOf(collection.plural, collection.group, stored.key);
      const { uid = '', ownerReferences = [] } = stored.object.metadata;
      const isHeld = type !== 'DELETED' && isHeldByCollector(stored.object);
      if (isHeld) held.set(uid, key);
      else held.delete(uid);
      if (type !== 'DELETED') {
        if (isHeld || ownerReferences.length > 0) yield key;
        return;
      }
      // A removal affects the dependents of the object, which lose an owner, and its owners, which may wait for the
      // removal.
      const dependents = client.dependents(uid);
      if (dependents.length > 0) removed.add(uid, client);
      for (const {
        collection: { plural, group },
        object,
      } of dependents)
        yield keyOf(plural, group, keyOfObject(object));
      for (const owner of ownerReferences) if (held.has(owner.uid)) yield held.get(owner.uid) ?? '';
    },

    reset() {
      removed.clear();
      held.clear();
    },

    reconcile(key, client) {
      const object = objectOf(key, client);
      if (object === undefined) return;
      if (isHeldByCollector(object)) return processDependents(client, object, removed);
      collect(client, object, removed);
    },
  };
}

function keyOf(plural: string, group: string, objectKey: string): string {
  return `${plural}.${group} ${objectKey}`;
}

function objectOf(key: string, client: ControllerClient): KubeObject | undefined {
  const [resource = '', objectKey = ''] = key.split(' ');
  const dot = resource.indexOf('.');
  return client.at({ plural: resource.slice(0, dot), group: resource.slice(dot + 1) }, objectKey);
}

/** Is the object being deleted and kept by one of the collector's finalizers? */
export function isHeldByCollector({ metadata }: KubeObject): boolean {
  const finalizers = metadata.finalizers ?? [];
  return metadata.deletionTimestamp !== undefined && (finalizers.includes(FOREGROUND) || finalizers.includes(ORPHAN));
}

/**
 * Returns the stored owner that a reference names, or `undefined` when no object has the uid of the reference. The
 * owner of a namespaced dependent is cluster-scoped or in the same namespace.
 */
function ownerOf(client: ControllerClient, dependent: KubeObject, owner: OwnerReference): KubeObject | undefined {
  const resource = client.resourceOfKind(owner.apiVersion, owner.kind);
  if (resource === undefined) return undefined;
  const object = client.get(resource, resource.namespaced ? (dependent.metadata.namespace ?? '') : '', owner.name);
  return object?.metadata.uid === owner.uid ? object : undefined;
}

/**
 * Does a cluster-scoped object name an owner of a namespaced kind? Such a reference is not valid. As in Kubernetes
 * (`namespacedOwnerOfClusterScopedObjectErr`), the object is kept, and an Event reports the reference.
 */
function hasNamespacedOwner(client: ControllerClient, object: KubeObject): boolean {
  if ((object.metadata.namespace ?? '') !== '') return false;
  const owner = object.metadata.ownerReferences?.find(
    ({ apiVersion, kind }) => client.resourceOfKind(apiVersion, kind)?.namespaced === true,
  );
  if (owner === undefined) return false;
  const shown = `[${owner.apiVersion}/${owner.kind}, namespace: , name: ${owner.name}, uid: ${owner.uid}]`;
  const message = `ownerRef ${shown} does not exist in namespace ""`;
  recordEvent(client, object, 'garbage-collector-controller', 'OwnerRefInvalidNamespace', message, 'Warning');
  return true;
}

/** Is it unknown whether the owner exists, because its kind is not served? */
const isUnknown = (client: ControllerClient, owner: OwnerReference, removed: RemovedOwners): boolean =>
  !removed.has(owner.uid) && client.resourceOfKind(owner.apiVersion, owner.kind) === undefined;

/** Orphans or deletes dependents of an owner. Removes the finalizer when no dependent blocks the deletion. */
function processDependents(client: ControllerClient, owner: KubeObject, removed: RemovedOwners): 'next' | void {
  const dependents = client.dependents(owner.metadata.uid ?? '');
  if ((owner.metadata.finalizers ?? []).includes(ORPHAN)) {
    const orphans = firstBatch(dependents.map(({ object }) => object));
    for (const object of orphans) dropReferences(client, object, (reference) => reference.uid === owner.metadata.uid);
    return dependents.length > orphans.length ? 'next' : releaseFinalizer(client, owner, ORPHAN);
  }
  const batch = new Batch();
  for (const { object } of dependents) if (collect(client, object, removed) && batch.isFullWith(object)) return 'next';
  const blocking = client
    .dependents(owner.metadata.uid ?? '')
    .some(({ object }) =>
      object.metadata.ownerReferences?.some(
        ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true,
      ),
    );
  if (!blocking) releaseFinalizer(client, owner, FOREGROUND);
}

function releaseFinalizer(client: ControllerClient, object: KubeObject, finalizer: string): void {
  const resource = client.resourceOfKind(object.apiVersion, object.kind);
  const live = resource === undefined ? undefined : client.at(resource, keyOfObject(object));
  if (live !== undefined && live.metadata.uid === object.metadata.uid) client.dropFinalizer(live, finalizer);
}

/**
 * Deletes a dependent when all its owners are missing or wait for their dependents. If it has other owners, removes
 * only the references to missing and waiting owners. Returns true when it changed the object.
 */
function collect(client: ControllerClient, object: KubeObject, removed: RemovedOwners): boolean {
  const references = object.metadata.ownerReferences ?? [];
  if (references.length === 0 || object.metadata.deletionTimestamp !== undefined) return false;
  // As in Kubernetes, a single owner with unknown existence keeps the object and all its references.
  if (hasNamespacedOwner(client, object) || references.some((each) => isUnknown(client, each, removed))) return false;
  const owners = references.map((reference) => ({ reference, found: ownerOf(client, object, reference) }));
  const remaining = owners.filter(({ found }) => found !== undefined && !waitsForDependents(found));
  const waiting = owners.filter(({ found }) => found !== undefined && waitsForDependents(found));
  if (remaining.length > 0) {
    const keep = new Set(remaining.map(({ reference }) => reference.uid));
    if (remaining.length < owners.length) dropReferences(client, object, ({ uid }) => !keep.has(uid));
    return remaining.length < owners.length;
  }
  // If an owner waits for this object, and the object has dependents itself, the object is deleted in the foreground.
  // The owner then also waits for these dependents.
  const dependents = waiting.length > 0 ? client.dependents(object.metadata.uid ?? '') : [];
  // In a cycle of owners, a dependent can wait for this object. In that case, this object must not block the deletion
  // of its owners.
  if (dependents.some((dependent) => waitsForDependents(dependent.object))) unblockOwners(client, object);
  client.remove(object, { propagation: dependents.length > 0 ? 'Foreground' : deletionPolicy(object) });
  return true;
}

/** Returns the propagation policy of a deletion, from the finalizers of the object. Default: `Background`. */
function deletionPolicy({ metadata: { finalizers = [] } }: KubeObject): 'Foreground' | 'Background' | 'Orphan' {
  if (finalizers.includes(ORPHAN)) return 'Orphan';
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
}

function unblockOwners(client: ControllerClient, object: KubeObject): void {
  const ownerReferences = (object.metadata.ownerReferences ?? []).map((reference) =>
    reference.blockOwnerDeletion === true ? { ...reference, blockOwnerDeletion: false } : reference,
  );
  client.update({ ...object, metadata: { ...object.metadata, ownerReferences } });
}

function waitsForDependents({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND);
}

function dropReferences(
  client: ControllerClient,
  object: KubeObject,
  drop: (reference: OwnerReference) => boolean,
): void {
  const { ownerReferences: _all, ...metadata } = object.metadata;
  const kept = (object.metadata.ownerReferences ?? []).filter((reference) => !drop(reference));
  client.update({ ...object, metadata: kept.length > 0 ? { ...metadata, ownerReferences: kept } : metadata });
}
