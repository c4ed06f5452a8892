/**
 * The name of the context in kubeconfigs of embedded clusters. Clients know by it that such a cluster may have ended.
 */
export const EMBEDDED_CONTEXT = 'typekro';
