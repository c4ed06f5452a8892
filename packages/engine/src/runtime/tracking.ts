import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { formatApiVersion, gvkOf, isJsonObject, namespacedName } from '@typekro/kit/core';
import { asText } from '@typekro/kit/kubernetes';
import { groupKindText } from './objects/identity.ts';
import type { Contribution, GraphTracking, ManagedResource } from './model.ts';

/** The objects and fields that the status of a Graph records. Malformed entries are skipped. */
export function recordedTracking(graph: KubeObject): GraphTracking {
  const { managedResources, contributions } = graph.status ?? {};
  return {
    managedResources: entriesOf(managedResources, ['nodeID', 'apiVersion', 'kind', 'name'], ['namespace', 'uid']),
    contributions: entriesOf(
      contributions,
      ['apiVersion', 'kind', 'name', 'fieldManager'],
      ['namespace', 'subresource'],
    ),
  };
}

function entriesOf<Required extends string, Optional extends string>(
  value: JsonValue | undefined,
  required: readonly Required[],
  optional: readonly Optional[],
): (Readonly<Record<Required, string>> & Readonly<Partial<Record<Optional, string>>>)[] {
  if (!Array.isArray(value)) return [];
  const found: (Record<Required, string> & Partial<Record<Optional, string>>)[] = [];
  for (const entry of value) {
    if (!isJsonObject(entry) || !required.every((name) => isName(entry[name]))) continue;
    const texts: Record<string, string> = {};
    for (const name of required) texts[name] = asText(entry[name]);
    for (const name of optional) if (isName(entry[name])) texts[name] = asText(entry[name]);
    found.push(texts as (typeof found)[number]);
  }
  return found;
}

function isName(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value !== '';
}

/** The identity of an object in `status.managedResources` and `status.contributions`. */
export type Identity = Pick<ManagedResource, 'apiVersion' | 'kind' | 'namespace' | 'name'>;

/** The key of a recorded object, independent of the API version: `Kind.group/namespace/name`, as in `targetKey`. */
export function resourceKey({ apiVersion, kind, namespace = '', name }: Identity): string {
  return `${groupKindText(gvkOf({ apiVersion, kind }))}/${namespace}/${name}`;
}

/** The key of a contribution, from its object, its subresource and its manager. */
export function contributionKey(contribution: Contribution): string {
  const { subresource = '', fieldManager } = contribution;
  return `${resourceKey(contribution)}/${subresource}/${fieldManager}`;
}

/** The union of all lists. Of entries with the same key, the first one stays. */
export function union<Entry>(
  keyOf: (entry: Entry) => string,
  ...lists: readonly (readonly Entry[])[]
): readonly Entry[] {
  const found = new Map<string, Entry>();
  for (const entry of lists.flat()) {
    const key = keyOf(entry);
    if (!found.has(key)) found.set(key, entry);
  }
  return [...found.values()];
}

/**
 * Merges the stored record with a newly decided record. A decided entry with a UID replaces the stored entry. A decided
 * entry without a UID does not replace a stored entry, which may have the UID of an existing object.
 */
export function mergedTracking(stored: GraphTracking, decided: GraphTracking): GraphTracking {
  const made = new Map(
    decided.managedResources.filter(({ uid }) => uid !== undefined).map((entry) => [resourceKey(entry), entry]),
  );
  return {
    managedResources: union(
      resourceKey,
      stored.managedResources.map((entry) => made.get(resourceKey(entry)) ?? entry),
      decided.managedResources,
    ),
    contributions: union(contributionKey, stored.contributions, decided.contributions),
  };
}

/** The entries of a list whose keys are in none of the other lists. */
export function without<Entry>(
  keyOf: (entry: Entry) => string,
  list: readonly Entry[],
  ...others: readonly (readonly Entry[])[]
): Entry[] {
  const keys = new Set(others.flat().map(keyOf));
  return list.filter((entry) => !keys.has(keyOf(entry)));
}

/** The members of the status that record the tracked objects and fields. A member for an empty list is omitted. */
export function trackingStatus({ managedResources, contributions }: GraphTracking): JsonObject {
  return {
    ...(managedResources.length === 0 ? {} : { managedResources: managedResources.map(resourceEntry) }),
    ...(contributions.length === 0 ? {} : { contributions: contributions.map((entry) => ({ ...entry })) }),
  };
}

function resourceEntry({ nodeID, apiVersion, kind, namespace, name, uid }: ManagedResource): JsonObject {
  return {
    nodeID,
    apiVersion,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}

/** The name of a tracked object in kro's messages: `v1/ConfigMap ns/name`. */
export function trackedName(identity: Identity): string {
  const { kind } = identity;
  return `${formatApiVersion(gvkOf(identity))}/${kind} ${namespacedName(identity)}`;
}

/** The record of its objects in the status of a Graph. */
export const Tracking = {
  read: recordedTracking,
  merge: mergedTracking,
  status: trackingStatus,
  resourceKey,
  contributionKey,
};
