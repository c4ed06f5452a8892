import { declaredKind } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { formatApiVersion, isJsonObject } from '@typekro/kit/core';
import type { KubernetesApi, ListOptions } from '@typekro/kube';
import { KubeError } from '@typekro/kube';
import { isInstanceOf } from './serving-definition.ts';

/**
 * Lists the live instances that belong to a definition. Returns `undefined` when the list fails, for example because
 * the user may not list the kind or the kind is not served.
 */
export async function instancesOfDefinition(
  api: KubernetesApi,
  { metadata: { name = '' }, spec }: KubeObject,
  options: Pick<ListOptions, 'metadataOnly' | 'signal'>,
): Promise<readonly KubeObject[] | undefined> {
  const type = declaredKind(isJsonObject(spec) ? spec : {});
  try {
    const { items } = await api.list({ apiVersion: formatApiVersion(type), kind: type.kind }, options);
    return items.filter((instance) => isInstanceOf(name, instance, undefined));
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}
