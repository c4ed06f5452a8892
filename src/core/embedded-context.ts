/** The name of the context in kubeconfigs of embedded clusters. It tells clients that the cluster may have ended. */
export const EMBEDDED_CONTEXT = 'typekro';
