import type { KubernetesApi } from '../kube/index.ts';
import { KubeError } from '../kube/index.ts';

/**
 * Creates the namespace when it is missing. A client that may not read namespaces finds a missing namespace only by the
 * error of its next write.
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
