/** Discovery documents that include the versions of other servers. */
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { compareVersions, listAt, numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';

/** A version that another server serves, with the content of its last discovery document. */
export interface OtherVersion {
  readonly apiService: KubeObject;
  /** The list of resources (`APIResourceList`), or `undefined` before the first response of the server. */
  readonly resources: JsonObject | undefined;
  readonly isAvailable: boolean;
}

/** Returns the priorities of all groups, from their APIServices. */
export function groupPriorities(apiServices: Iterable<KubeObject>): ReadonlyMap<string, number> {
  const priorities = new Map<string, number>();
  for (const { spec } of apiServices) {
    const group = textAt(spec, 'group');
    priorities.set(group, Math.max(priorities.get(group) ?? 0, numberAt(spec, 'groupPriorityMinimum') ?? 0));
  }
  return priorities;
}

/** Adds groups to the sorted groups of this server. The result is sorted by descending priority, then by name. */
function insertGroups<Group>(
  present: readonly Group[],
  added: readonly Group[],
  nameOf: (group: Group) => string,
  priorities: ReadonlyMap<string, number>,
): Group[] {
  const groups = [...present];
  for (const group of added) {
    const name = nameOf(group);
    const rank = priorities.get(name) ?? 0;
    const next = groups.findIndex((other) => {
      // The group of the kind APIService has no APIService for itself. This group is always the first.
      const otherRank = priorities.get(nameOf(other)) ?? Number.POSITIVE_INFINITY;
      return otherRank < rank || (otherRank === rank && nameOf(other) > name);
    });
    groups.splice(next < 0 ? groups.length : next, 0, group);
  }
  return groups;
}

const placeOf = ({ apiService: { spec } }: OtherVersion) => ({
  group: textAt(spec, 'group'),
  version: textAt(spec, 'version'),
});

/**
 * Sorts versions by descending `APIService.spec.versionPriority`, then in the order that Kubernetes defines for
 * versions.
 */
function sortedVersions(versions: readonly string[], priorityOf: (version: string) => number): string[] {
  return [...new Set(versions)].sort(compareVersions).toSorted((a, b) => priorityOf(b) - priorityOf(a));
}

const priorityIn = (apiServices: readonly KubeObject[], group: string) => (version: string) =>
  numberAt(
    apiServices.find(({ spec }) => textAt(spec, 'group') === group && textAt(spec, 'version') === version)?.spec,
    'versionPriority',
  ) ?? 0;

/**
 * Returns the document `/apis/GROUP` for the versions of this server and of other servers. The document has a `kind`
 * only if `own` has one.
 */
export function mergeGroup(
  group: string,
  own: JsonObject | undefined,
  others: readonly OtherVersion[],
  apiServices: readonly KubeObject[],
): JsonObject | undefined {
  const added = others.map(placeOf).filter((place) => place.group === group);
  if (added.length === 0) return own;
  const present = objectsAt(own, 'versions').map((entry) => textAt(entry, 'version'));
  const names = sortedVersions([...present, ...added.map(({ version }) => version)], priorityIn(apiServices, group));
  const versions = names.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  const preferred = versions[0];
  return { ...own, name: group, versions, ...(preferred === undefined ? {} : { preferredVersion: preferred }) };
}

/** Returns the groups of `/apis` (`APIGroupList`). */
export function mergeGroupList(
  own: readonly JsonObject[],
  others: readonly OtherVersion[],
  apiServices: readonly KubeObject[],
): JsonObject[] {
  const names = new Set(own.map((group) => textAt(group, 'name')));
  const present = own.map((group) => mergeGroup(textAt(group, 'name'), group, others, apiServices) ?? group);
  const added = [...new Set(others.map((other) => placeOf(other).group))]
    .filter((name) => !names.has(name))
    .map((name) => mergeGroup(name, undefined, others, apiServices))
    .filter((group) => group !== undefined);
  return insertGroups<JsonObject>(present, added, (group) => textAt(group, 'name'), groupPriorities(apiServices));
}

/** Returns the items of the aggregated document of `/apis`. */
export function mergeAggregated(
  own: readonly JsonObject[],
  others: readonly OtherVersion[],
  apiServices: readonly KubeObject[],
): JsonObject[] {
  const nameOf = (item: JsonObject) => textAt(item['metadata'] as JsonObject, 'name');
  const withOthers = (item: JsonObject): JsonObject => {
    const group = nameOf(item);
    const added = others.filter((other) => placeOf(other).group === group);
    if (added.length === 0) return item;
    const entries = [...objectsAt(item, 'versions'), ...added.map(versionEntry)];
    const byName = new Map<string, JsonObject>(entries.map((entry) => [textAt(entry, 'version'), entry]));
    const sorted = sortedVersions([...byName.keys()], priorityIn(apiServices, group));
    return { ...item, versions: sorted.map((name) => byName.get(name)).filter((entry) => entry !== undefined) };
  };
  const names = new Set(own.map(nameOf));
  const added = [...new Set(others.map((other) => placeOf(other).group))]
    .filter((name) => !names.has(name))
    .map((name) => withOthers({ metadata: { name }, versions: [] }));
  return insertGroups(own.map(withOthers), added, nameOf, groupPriorities(apiServices));
}

/**
 * Returns a version's entry in the aggregated document. If the server does not respond, the entry contains the last
 * known resources, marked as stale.
 */
function versionEntry(other: OtherVersion): JsonObject {
  const { group, version } = placeOf(other);
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
  const subresourcesOf = (plural: string) =>
    resources
      .filter((resource) => textAt(resource, 'name').startsWith(`${plural}/`))
      .map((resource) => ({
        subresource: textAt(resource, 'name').slice(plural.length + 1),
        responseKind: kindOf(resource),
        ...listsOf(resource, ['verbs']),
      }));
  const shown = resources
    .filter((resource) => !textAt(resource, 'name').includes('/'))
    .map((resource) => {
      const plural = textAt(resource, 'name');
      const subresources = subresourcesOf(plural);
      return {
        resource: plural,
        responseKind: kindOf(resource),
        scope: resource['namespaced'] === true ? 'Namespaced' : 'Cluster',
        singularResource: textAt(resource, 'singularName'),
        ...listsOf(resource, ['verbs', 'shortNames', 'categories']),
        ...(subresources.length === 0 ? {} : { subresources }),
      };
    });
  return {
    version,
    ...(shown.length === 0 ? {} : { resources: shown }),
    freshness: other.isAvailable ? 'Current' : 'Stale',
  };
}
