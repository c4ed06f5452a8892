/** The version of Kubernetes that the cluster reports: in `/version`, in its OpenAPI documents and on its nodes. */
export const KUBERNETES_VERSION = 'v1.36.0';
