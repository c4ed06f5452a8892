/**
 * The minor version of the newest Kubernetes API that the package contains. The value `latest` of the Pod Security
 * labels means this version.
 */
export const KUBERNETES_MINOR = 36;

/**
 * The newest Kubernetes version whose API the package contains: `1.36`. The embedded cluster uses this version by
 * default.
 */
export const KUBERNETES_RELEASE = `1.${KUBERNETES_MINOR}`;

/** The Kubernetes versions that the embedded cluster can serve, latest first. `data/` has one folder per version. */
export const KUBERNETES_RELEASES: readonly string[] = [KUBERNETES_RELEASE, '1.35', '1.34'];

/** Returns `1.35` for `1.35` and for `v1.35`; `undefined` for a version that the embedded cluster cannot serve. */
export function kubernetesReleaseOf(text: string): string | undefined {
  const release = text.replace(/^v/, '');
  return KUBERNETES_RELEASES.includes(release) ? release : undefined;
}

/** The full version of a release: `v1.36.0` for `1.36`. */
export const versionOfRelease = (release: string): string => `v${release}.0`;

/** The version that an embedded API server of a release reports: `v1.36.0+typekro` for `1.36`. */
export const serverVersionOf = (release: string): string => `${versionOfRelease(release)}+typekro`;

/**
 * Compares API versions by Kubernetes' preference: stable versions first, then beta, then alpha. Within each of these
 * groups, the highest version comes first. All other versions come last, sorted by name.
 */
export function compareVersions(first: string, second: string): number {
  const [a, b] = [versionRank(first), versionRank(second)];
  for (const [index, rank] of a.entries()) {
    const difference = (b[index] ?? 0) - rank;
    if (difference !== 0) return difference;
  }
  return first < second ? -1 : first > second ? 1 : 0;
}

function versionRank(version: string): readonly number[] {
  const match = /^v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}

/** The facts of a version of a custom resource that decide the warning of its clients. */
export interface VersionLifecycle {
  readonly name: string;
  readonly served: boolean;
  readonly deprecated: boolean;
  /** The author's warning; `undefined` for the API server's text. */
  readonly deprecationWarning: string | undefined;
}

/**
 * The warning that clients of a deprecated version get: the author's, or the API server's text, which names a preferred
 * version that is not deprecated, if there is one. `undefined` for a version that is not deprecated.
 */
export function deprecationWarning(
  version: VersionLifecycle,
  {
    group,
    kind,
    versions,
  }: { readonly group: string; readonly kind: string; readonly versions: readonly VersionLifecycle[] },
): string | undefined {
  if (!version.deprecated) return undefined;
  if (version.deprecationWarning !== undefined) return version.deprecationWarning;
  const better = versions
    .filter(({ served, deprecated, name }) => served && !deprecated && compareVersions(name, version.name) < 0)
    .sort((a, b) => compareVersions(a.name, b.name))[0];
  const hint = better === undefined ? '' : `; use ${group}/${better.name} ${kind}`;
  return `${group}/${version.name} ${kind} is deprecated${hint}`;
}
