/** The minor part of the version of Kubernetes whose API the package has. `latest` in labels of namespaces means it. */
export const KUBERNETES_MINOR = 36;

/** This version, e.g. for the folder of envtest. */
export const KUBERNETES_RELEASE = `1.${KUBERNETES_MINOR}`;

/** The version that the embedded cluster reports: in `/version`, in its OpenAPI documents and on its nodes. */
export const KUBERNETES_VERSION = `v${KUBERNETES_RELEASE}.0`;
