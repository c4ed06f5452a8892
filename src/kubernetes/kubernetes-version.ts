/**
 * The minor part of the version of Kubernetes whose API the package has. The value `latest` of the Pod Security labels
 * means this version.
 */
export const KUBERNETES_MINOR = 36;

/** This version, e.g. for the folder of envtest. */
export const KUBERNETES_RELEASE = `1.${KUBERNETES_MINOR}`;

/** The version that the embedded cluster reports: in `/version`, in its OpenAPI documents and on its nodes. */
export const KUBERNETES_VERSION = `v${KUBERNETES_RELEASE}.0`;
