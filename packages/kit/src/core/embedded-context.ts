/**
 * The name of the context in kubeconfigs of embedded clusters. For a failed connection with this context, an error can
 * say that the cluster has ended.
 */
export const EMBEDDED_CONTEXT = 'typekro';
