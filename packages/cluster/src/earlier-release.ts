import type { JsonObject } from '@typekro/kit/core';
import {
  applyMergePatch,
  formatApiVersion,
  isJsonObject,
  kubernetes134DifferenceText,
  kubernetes135DifferenceText,
  TypeKroError,
  getOrInsert,
} from '@typekro/kit/core';
import {
  KUBERNETES_RELEASE,
  KUBERNETES_RELEASES,
  kubernetesReleaseOf,
  objectAt,
  textAt,
} from '@typekro/kit/kubernetes';
import type { DiscoveredGroup, DiscoveredResource, TypeFacts } from './kubernetes-data.ts';
import { type KubernetesRelease, type RoleKind, latestRelease } from './release.ts';

/** Maps a member to its change: a JSON Merge Patch (RFC 7386). `null` removes the member. */
type Changes = Readonly<Record<string, JsonObject | null>>;

/**
 * The changes that make the API of a version from the API of the next later version. The README next to the data of the
 * latest version explains the format.
 */
interface Difference {
  readonly types: Changes;
  /** Keyed by group version, then by plural. */
  readonly resources: Readonly<Record<string, Changes>>;
  /** Keyed by plural, then by `NAMESPACE/NAME`. */
  readonly roles: Readonly<Partial<Record<RoleKind, Changes>>>;
}

/** The earlier versions, latest first. */
const EARLIER: readonly (readonly [minor: number, text: () => string])[] = [
  [35, kubernetes135DifferenceText],
  [34, kubernetes134DifferenceText],
];

const releases = new Map<number, KubernetesRelease>([[latestRelease.minor, latestRelease]]);

/**
 * The API of a version such as `1.35` or `v1.35`.
 *
 * @throws TypeKroError `cluster/kubernetes-version` for a version without data.
 */
export function releaseOf(version: string): KubernetesRelease {
  const name = kubernetesReleaseOf(version);
  if (name === undefined) {
    throw new TypeKroError(`there is no data for Kubernetes ${version}, only for ${KUBERNETES_RELEASES.join(', ')}`, {
      code: 'cluster/kubernetes-version',
      remedy: `use one of these versions; the default is ${KUBERNETES_RELEASE}`,
    });
  }
  const minor = Number(name.slice('1.'.length));
  let later = latestRelease;
  for (const [earlier, text] of EARLIER) {
    if (earlier < minor) break;
    let release = releases.get(earlier);
    if (release === undefined) releases.set(earlier, (release = earlierThan(later, earlier, JSON.parse(text()))));
    later = release;
  }
  return later;
}

function earlierThan(later: KubernetesRelease, minor: number, difference: Difference): KubernetesRelease {
  let groups: readonly DiscoveredGroup[] | undefined;
  const roles = new Map<RoleKind, readonly JsonObject[]>();
  const defaultRoles = (plural: RoleKind): readonly JsonObject[] => {
    return getOrInsert(roles, plural, () => changed(later.defaultRoles(plural), difference.roles[plural], keyOfRole));
  };
  return {
    minor,
    typeFacts(name) {
      const facts = later.typeFacts(name);
      const change = Object.hasOwn(difference.types, name) ? difference.types[name] : undefined;
      if (change === undefined) return facts;
      return change === null
        ? undefined
        : (applyMergePatch((facts ?? {}) as JsonObject, change) as unknown as TypeFacts);
    },
    groups: () => (groups ??= later.groups().map((group) => withResources(group, difference.resources))),
    defaultRoles,
    roleCount: (plural) => defaultRoles(plural).length,
  };
}

const keyOfRole = (role: JsonObject): string => {
  const metadata = objectAt(role, 'metadata');
  return `${textAt(metadata, 'namespace')}/${textAt(metadata, 'name')}`;
};

/**
 * The group with the resources of an earlier release. Leaves out group versions that have no resources in that release.
 */
function withResources(group: DiscoveredGroup, changes: Difference['resources']): DiscoveredGroup {
  const versions = group.versions.map((entry) => {
    const name = formatApiVersion({ group: group.metadata.name ?? '', version: entry.version });
    const list = entry.resources as unknown as readonly JsonObject[];
    const resources = changed(list, changes[name], (resource) => textAt(resource, 'resource'));
    return { ...entry, resources: resources as unknown as readonly DiscoveredResource[] };
  });
  return { ...group, versions: versions.filter(({ resources }) => resources.length > 0) };
}

/** Applies the changes to a list: removes elements, changes elements in place, and appends added elements. */
function changed(
  list: readonly JsonObject[],
  changes: Changes | undefined,
  keyOf: (element: JsonObject) => string,
): readonly JsonObject[] {
  if (changes === undefined) return list;
  const rest = new Map(Object.entries(changes));
  const kept = list.flatMap((element) => {
    const key = keyOf(element);
    const change = rest.get(key);
    rest.delete(key);
    if (change === undefined) return [element];
    const merged = applyMergePatch(element, change);
    return isJsonObject(merged) ? [merged] : [];
  });
  return [...kept, ...[...rest.values()].filter((added) => added !== null)];
}
