import type { KubernetesApi } from '@typekro/kube';
import { KubeError } from '@typekro/kube';

/** Does the cluster have a namespace of this name? Returns `undefined` when the user may not read namespaces. */
export async function hasNamespace(
  api: KubernetesApi,
  name: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    return (await api.find({ apiVersion: 'v1', kind: 'Namespace', name }, { signal })) !== undefined;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw error;
  }
}
