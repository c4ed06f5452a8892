import type { JsonObject, JsonValue, KubeObject, OwnerReference } from '@typekro/kit/core';
import { isJsonObject, jsonEquals, setOwn } from '@typekro/kit/core';
import type { StandInResult } from '../../stand-in.ts';
import { type ControllerClient, controllerReference, withOwner } from '../controller-client.ts';

/**
 * Writes the result of reconciling an object: first other objects, then the object's own annotations and status.
 * Returns whether the status has changed.
 */
export function writeResult(client: ControllerClient, object: KubeObject, result: StandInResult): boolean {
  for (const each of result.owned ?? []) ensure(client, object, { ...each, metadata: ownedBy(object, each) });
  for (const each of result.objects ?? []) ensure(client, object, each);
  for (const { apiVersion, kind, name, namespace } of result.removed ?? []) {
    const resource = client.resourceOfKind(apiVersion, kind);
    const found = resource && client.get(resource, resource.namespaced ? (namespace ?? '') : '', name);
    if (found !== undefined) client.remove(found, { propagation: 'Background' });
  }
  if (result.annotations !== undefined) annotate(client, object, result.annotations);
  if (result.removedMembers !== undefined) removeMembers(client, object, result.removedMembers);
  return result.status !== undefined && writeStatus(client, object, result.status);
}

const ownedBy = (owner: KubeObject, { metadata }: KubeObject): KubeObject['metadata'] => ({
  ...metadata,
  ownerReferences: [controllerReference(owner)],
});

/**
 * Creates the wanted object, or updates the existing object if it differs. If the wanted object has an owner, an
 * existing object that another owner controls is not changed.
 */
function ensure(client: ControllerClient, owner: KubeObject, wanted: KubeObject): void {
  const resource = client.resourceOfKind(wanted.apiVersion, wanted.kind);
  if (resource === undefined)
    throw new Error(`a stand-in writes ${wanted.apiVersion} ${wanted.kind}, which is not served`);
  const { name = '', namespace = owner.metadata.namespace ?? '' } = wanted.metadata;
  const place = resource.namespaced ? namespace : '';
  const live = client.get(resource, place, name);
  if (live === undefined) {
    client.create({ ...wanted, metadata: { ...wanted.metadata, ...(place === '' ? {} : { namespace: place }) } });
    return;
  }
  const { ownerReferences = [] } = live.metadata;
  const controller = ownerReferences.find((reference) => reference.controller === true);
  if (
    wanted.metadata.ownerReferences !== undefined &&
    controller !== undefined &&
    controller.uid !== owner.metadata.uid
  )
    return;
  const merged = merge(live, wanted);
  if (!jsonEquals(merged, live)) client.update(merged);
}

/**
 * The top-level members that are replaced as a whole. In all other members, only the fields that the stand-in names
 * change.
 */
const WHOLE: ReadonlySet<string> = new Set(['data', 'binaryData']);

function merge(live: KubeObject, wanted: KubeObject): KubeObject {
  const { metadata, ...members } = wanted as KubeObject & JsonObject;
  const merged: JsonObject = { ...live };
  for (const [member, value] of Object.entries(members)) {
    merged[member] = WHOLE.has(member) ? value : mergeValue(merged[member], value);
  }
  const { labels, annotations, ownerReferences } = metadata;
  return {
    ...(merged as KubeObject),
    metadata: {
      ...live.metadata,
      ...(labels === undefined ? {} : { labels: { ...live.metadata.labels, ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...live.metadata.annotations, ...annotations } }),
      ...(ownerReferences === undefined ? {} : { ownerReferences: mergeOwners(live, ownerReferences) }),
    },
  };
}

/** Returns the owners of the live object and the wanted owners. */
const mergeOwners = ({ metadata }: KubeObject, wanted: readonly OwnerReference[]): OwnerReference[] =>
  wanted.reduce((owners, reference) => withOwner(owners, reference, 'end'), [...(metadata.ownerReferences ?? [])]);

/**
 * Merges a value into the live value. Lists of equal length are merged by position, so that defaulted fields of their
 * items are kept.
 */
function mergeValue(live: JsonValue | undefined, wanted: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(live) && Array.isArray(wanted) && live.length === wanted.length)
    return wanted.map((entry, index) => mergeValue(live[index], entry) ?? null);
  if (!isJsonObject(live) || !isJsonObject(wanted)) return wanted;
  const merged = { ...live };
  for (const [member, value] of Object.entries(wanted)) {
    setOwn(merged, member, mergeValue(Object.hasOwn(live, member) ? live[member] : undefined, value) ?? null);
  }
  return merged;
}

/** The stored state of the object; `undefined` when the object is gone. */
function present(client: ControllerClient, { apiVersion, kind, metadata }: KubeObject): KubeObject | undefined {
  const resource = client.resourceOfKind(apiVersion, kind);
  const { namespace = '', name = '', uid } = metadata;
  const live = resource && client.get(resource, namespace, name);
  return live?.metadata.uid === uid ? live : undefined;
}

function annotate(
  client: ControllerClient,
  object: KubeObject,
  changes: Readonly<Record<string, string | null>>,
): void {
  const live = present(client, object);
  if (live === undefined) return;
  const annotations = new Map(Object.entries(live.metadata.annotations ?? {}));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) annotations.delete(name);
    else annotations.set(name, value);
  }
  client.update({ ...live, metadata: { ...live.metadata, annotations: Object.fromEntries(annotations) } });
}

function removeMembers(client: ControllerClient, object: KubeObject, names: readonly string[]): void {
  const live = present(client, object);
  if (live === undefined || !names.some((name) => Object.hasOwn(live, name))) return;
  const kept = Object.entries(live).filter(([name]) => !names.includes(name));
  client.update(Object.fromEntries(kept) as KubeObject);
}

/**
 * Writes the status, and returns whether the status has changed. For a kind without the subresource `status`, updates
 * the object itself.
 */
function writeStatus(client: ControllerClient, object: KubeObject, status: JsonObject): boolean {
  const live = present(client, object);
  if (live === undefined || jsonEquals(live.status, status)) return false;
  const hasSubresource = client.resourceOfKind(live.apiVersion, live.kind)?.subresources.has('status') === true;
  client.update({ ...live, status }, hasSubresource ? 'status' : '');
  return true;
}

/** Adds the finalizer when `isWanted` is true, and removes it otherwise. */
export function setFinalizer(client: ControllerClient, object: KubeObject, finalizer: string, isWanted: boolean): void {
  const live = present(client, object);
  if (live === undefined) return;
  const others = (live.metadata.finalizers ?? []).filter((each) => each !== finalizer);
  const finalizers = isWanted ? [...others, finalizer] : others;
  client.update({ ...live, metadata: { ...live.metadata, finalizers } });
}
