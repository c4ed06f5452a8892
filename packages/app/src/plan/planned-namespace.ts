import { type KubeObject, TypeKroError, nearestName } from '@typekro/kit/core';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { hasNamespace } from '../instance/namespaces.ts';
import type { PlanTarget } from './planning.ts';

const NAMESPACES = { apiVersion: 'v1', kind: 'Namespace' };

/**
 * Throws when `--namespace` names a namespace that is neither in the cluster nor in the files. Without this check, a
 * plan of definitions would find no instances there, and would not mention the wrong name. Does not throw when the user
 * may not read namespaces.
 *
 * @throws TypeKroError `cli/usage`
 */
export async function refuseMissingNamespace(
  { api, source }: Pick<PlanTarget, 'api' | 'source'>,
  namespace: string | undefined,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  // A snapshot contains only the kinds that definitions and Graphs use, so it does not show which namespaces exist.
  if (namespace === undefined || source.kind === 'snapshot') return;
  if (objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace)) return;
  if ((await hasNamespace(api, namespace, signal)) !== false) return;
  throw new TypeKroError(`--namespace names ${namespace}, which is neither in the cluster nor in the files`, {
    code: 'cli/usage',
    remedy: await remedyForMissing(api, namespace, signal),
  });
}

async function remedyForMissing(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<string> {
  const create = `create it first: kubectl create namespace ${namespace}`;
  try {
    const { items } = await api.list(NAMESPACES, { metadataOnly: true, signal });
    const near = nearestName(
      namespace,
      items.flatMap(({ metadata }) => metadata.name ?? []),
    );
    return near === undefined ? create : `did you mean ${near}?`;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return create;
    throw error;
  }
}
