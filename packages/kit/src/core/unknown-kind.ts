import { type GroupVersionKind, formatApiVersion, isBuiltinGroup, parseApiVersion } from './object.ts';
import { nearestName } from './nearest-name.ts';

/** What a user can do about a kind that is not served. */
export interface UnknownKindHint {
  readonly hint: string;
  /** The wrong field: a kind of this name exists in another version or group, or the version has kinds of other names. */
  readonly field: 'apiVersion' | 'kind';
}

/**
 * Returns the hint for a kind that is not among the served kinds. Many projects have kinds of the same name, so another
 * group is named only if the kind exists there and the group is one of Kubernetes, or its spelling is near. Otherwise
 * the kind's CustomResourceDefinition is missing, which `missing` says.
 */
export function unknownKindHint(
  type: GroupVersionKind,
  served: Iterable<GroupVersionKind>,
  missing: string,
): UnknownKindHint {
  const apiVersion = formatApiVersion(type);
  const sameVersion = new Set<string>();
  const elsewhere: string[] = [];
  for (const known of served) {
    const version = formatApiVersion(known);
    if (version === apiVersion) sameVersion.add(known.kind);
    else if (known.kind === type.kind) elsewhere.push(version);
  }
  const near = nearestName(apiVersion, elsewhere);
  const versions = isBuiltinGroup(type.group)
    ? elsewhere
    : elsewhere.filter((version) => version === near || parseApiVersion(version).group === type.group);
  if (versions.length > 0) return { hint: `${type.kind} is served in ${versions.join(', ')}`, field: 'apiVersion' };
  const kind = nearestName(type.kind, sameVersion);
  if (kind !== undefined) return { hint: `did you mean "${kind}"?`, field: 'kind' };
  return { hint: missing, field: sameVersion.size > 0 ? 'kind' : 'apiVersion' };
}
