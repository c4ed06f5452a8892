import type { KubernetesApi } from '@typekro/kube';
import { KubeError } from '@typekro/kube';

/**
 * Creates the namespace when it is missing. When the client may not read namespaces, creates nothing. If the namespace
 * is then missing, the client's next write fails.
 */
export async function ensureNamespace(api: KubernetesApi, name: string, signal: AbortSignal): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Namespace', name };
  try {
    if ((await api.find(ref, { signal })) !== undefined) return;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return;
    throw error;
  }
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldManager: 'typekro', signal });
}
