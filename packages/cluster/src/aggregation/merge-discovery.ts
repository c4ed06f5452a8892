/** Discovery documents that include the versions of other servers. */
import { type JsonObject, type KubeObject, grouped } from '@typekro/kit/core';
import { compareVersions, listAt, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';

/** A version that another server serves, with the content of its last discovery document. */
export interface OtherVersion {
  readonly apiService: KubeObject;
  /** The list of resources (`APIResourceList`), or `undefined` before the first response of the server. */
  readonly resources: JsonObject | undefined;
  readonly isAvailable: boolean;
}

/** What is merged into the documents of this server. */
export interface Merged {
  readonly others: ReadonlyMap<string, readonly OtherVersion[]>;
  readonly groupPriorities: ReadonlyMap<string, number>;
  /** The priorities of versions, by the names of their APIServices. */
  readonly versionPriorities: ReadonlyMap<string, number>;
}

/** Sorts the versions of other servers by group, and reads the priorities of all groups and versions. */
export function mergedWith(others: readonly OtherVersion[], apiServices: Iterable<KubeObject>): Merged {
  const groupPriorities = new Map<string, number>();
  const versionPriorities = new Map<string, number>();
  for (const { spec } of apiServices) {
    const group = textAt(spec, 'group');
    groupPriorities.set(group, Math.max(groupPriorities.get(group) ?? 0, numberAt(spec, 'groupPriorityMinimum') ?? 0));
    versionPriorities.set(`${textAt(spec, 'version')}.${group}`, numberAt(spec, 'versionPriority') ?? 0);
  }
  const byGroup = grouped(others, ({ apiService: { spec } }) => textAt(spec, 'group'));
  return { others: byGroup, groupPriorities, versionPriorities };
}

/** Merges groups into the sorted groups of this server, by descending priority, then by name. */
function insertGroups<Group>(
  present: readonly Group[],
  added: readonly Group[],
  nameOf: (group: Group) => string,
  priorities: ReadonlyMap<string, number>,
): Group[] {
  const rankOf = (group: Group, other: number) => priorities.get(nameOf(group)) ?? other;
  const isBefore = (group: Group, other: Group): boolean => {
    // The group of the kind APIService has no APIService for itself. This group is always the first.
    const [rank, otherRank] = [rankOf(group, 0), rankOf(other, Number.POSITIVE_INFINITY)];
    return otherRank < rank || (otherRank === rank && nameOf(other) > nameOf(group));
  };
  const rest = added.toSorted((a, b) => (isBefore(a, b) ? -1 : 1)).values();
  const groups: Group[] = [];
  let next = rest.next();
  for (const group of present) {
    for (; next.done !== true && isBefore(next.value, group); next = rest.next()) groups.push(next.value);
    groups.push(group);
  }
  for (; next.done !== true; next = rest.next()) groups.push(next.value);
  return groups;
}

const versionOf = ({ apiService: { spec } }: OtherVersion): string => textAt(spec, 'version');

/**
 * Sorts versions by descending `APIService.spec.versionPriority`, then in the order that Kubernetes defines for
 * versions.
 */
function sortedVersions(group: string, versions: Iterable<string>, { versionPriorities }: Merged): string[] {
  const priorityOf = (version: string) => versionPriorities.get(`${version}.${group}`) ?? 0;
  return [...new Set(versions)].sort(compareVersions).toSorted((a, b) => priorityOf(b) - priorityOf(a));
}

/**
 * Returns the document `/apis/GROUP` for the versions of this server and of other servers. The document has a `kind`
 * only if `own` has one.
 */
export function mergeGroup(group: string, own: JsonObject | undefined, merged: Merged): JsonObject | undefined {
  const added = merged.others.get(group);
  if (added === undefined) return own;
  const present = objectsAt(own, 'versions').map((entry) => textAt(entry, 'version'));
  const names = sortedVersions(group, [...present, ...added.map(versionOf)], merged);
  const versions = names.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  const preferred = versions[0];
  return { ...own, name: group, versions, ...(preferred === undefined ? {} : { preferredVersion: preferred }) };
}

/** Merges the groups of other servers into those of this server. `merge` makes one of them. */
function mergeGroups(
  own: readonly JsonObject[],
  { others, groupPriorities }: Merged,
  nameOf: (group: JsonObject) => string,
  merge: (name: string, own: JsonObject | undefined) => JsonObject | undefined,
): JsonObject[] {
  const names = new Set(own.map(nameOf));
  const added = [...others.keys()].filter((name) => !names.has(name)).map((name) => merge(name, undefined));
  const present = own.map((group) => merge(nameOf(group), group) ?? group);
  const isGroup = (group: JsonObject | undefined) => group !== undefined;
  return insertGroups(present, added.filter(isGroup), nameOf, groupPriorities);
}

/** Returns the groups of `/apis` (`APIGroupList`). */
export const mergeGroupList = (own: readonly JsonObject[], merged: Merged): JsonObject[] =>
  mergeGroups(
    own,
    merged,
    (group) => textAt(group, 'name'),
    (name, group) => mergeGroup(name, group, merged),
  );

/** Returns the items of the aggregated document of `/apis`. */
export function mergeAggregated(own: readonly JsonObject[], merged: Merged): JsonObject[] {
  const withOthers = (name: string, item: JsonObject = { metadata: { name } }): JsonObject => {
    const added = merged.others.get(name);
    if (added === undefined) return item;
    const entries = [...objectsAt(item, 'versions'), ...added.map((other) => versionEntry(name, other))];
    const byName = new Map<string, JsonObject>(entries.map((entry) => [textAt(entry, 'version'), entry]));
    const versions = sortedVersions(name, byName.keys(), merged).map((version) => byName.get(version));
    return { ...item, versions: versions.filter((entry) => entry !== undefined) };
  };
  return mergeGroups(own, merged, (item) => textAt(objectAt(item, 'metadata'), 'name'), withOthers);
}

/**
 * Returns a version's entry in the aggregated document. If the server does not respond, the entry contains the last
 * known resources, marked as stale.
 */
function versionEntry(group: string, other: OtherVersion): JsonObject {
  const version = versionOf(other);
  const resources = objectsAt(other.resources, 'resources');
  const kindOf = (resource: JsonObject) => ({
    group: textAt(resource, 'group') || group,
    version: textAt(resource, 'version') || version,
    kind: textAt(resource, 'kind'),
  });
  /** Returns the non-empty lists of a resource. */
  const listsOf = (resource: JsonObject, keys: readonly string[]) => {
    const lists: JsonObject = {};
    for (const key of keys) if (listAt(resource, key).length > 0) lists[key] = [...listAt(resource, key)];
    return lists;
  };
  const shown = new Map<string, JsonObject>();
  const subresources = new Map<string, JsonObject[]>();
  for (const resource of resources) {
    const [, plural = '', subresource] = /^([^/]*)(?:\/(.*))?$/s.exec(textAt(resource, 'name')) ?? [];
    const responseKind = kindOf(resource);
    if (subresource !== undefined) {
      const of = subresources.get(plural) ?? [];
      subresources.set(plural, of);
      of.push({ subresource, responseKind, ...listsOf(resource, ['verbs']) });
      continue;
    }
    shown.set(plural, {
      resource: plural,
      responseKind,
      scope: resource['namespaced'] === true ? 'Namespaced' : 'Cluster',
      singularResource: textAt(resource, 'singularName'),
      ...listsOf(resource, ['verbs', 'shortNames', 'categories']),
    });
  }
  for (const [plural, entries] of subresources) {
    const resource = shown.get(plural);
    if (resource !== undefined) resource['subresources'] = entries;
  }
  return {
    version,
    ...(shown.size === 0 ? {} : { resources: [...shown.values()] }),
    freshness: other.isAvailable ? 'Current' : 'Stale',
  };
}
