/**
 * The minor part of the newest version of Kubernetes whose API the package has. The value `latest` of the Pod Security
 * labels means this version.
 */
export const KUBERNETES_MINOR = 36;

/** The newest version of Kubernetes whose API the package has, and the default of the embedded cluster: `1.36`. */
export const KUBERNETES_RELEASE = `1.${KUBERNETES_MINOR}`;

/** The versions whose API the embedded cluster can have, latest first. `data/` has a folder for each. */
export const KUBERNETES_RELEASES: readonly string[] = [KUBERNETES_RELEASE, '1.35', '1.34'];

/** `1.35` for the texts `1.35` and `v1.35`; `undefined` for a version whose API the embedded cluster cannot have. */
export function kubernetesReleaseOf(text: string): string | undefined {
  const release = text.replace(/^v/, '');
  return KUBERNETES_RELEASES.includes(release) ? release : undefined;
}

/** The whole version of a release: `v1.36.0` for `1.36`. */
export const versionOfRelease = (release: string): string => `v${release}.0`;

/** The version that an embedded API server of a release reports: `v1.36.0+typekro` for `1.36`. */
export const serverVersionOf = (release: string): string => `${versionOfRelease(release)}+typekro`;
