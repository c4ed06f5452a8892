import type { JsonObject, KubeObject } from '../../core/index.ts';
import { formatApiVersion } from '../../core/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { isNotFound } from '../../kube/index.ts';
import { REVISION_TYPE } from './definition-object.ts';
import { definitionOf, readRevision } from './revision.ts';

/** A revision of a definition, as another program reads it. */
export interface DefinitionRevision {
  readonly number: number;
  /** The spec of the definition at that time. */
  readonly spec: JsonObject;
  readonly object: KubeObject;
}

/**
 * The revisions of a definition that are not being deleted, oldest first; none where the cluster has no revisions.
 *
 * @throws KubeError when they cannot be read.
 */
export async function definitionRevisions(
  api: Pick<KubernetesApi, 'list'>,
  name: string,
  signal: AbortSignal,
): Promise<DefinitionRevision[]> {
  const type = { apiVersion: formatApiVersion(REVISION_TYPE), kind: REVISION_TYPE.kind };
  try {
    const { items } = await api.list(type, { signal });
    return revisionsIn(items, name);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** The revisions of a definition among GraphRevision objects that are not being deleted, oldest first. */
export function revisionsIn(objects: readonly KubeObject[], name: string): DefinitionRevision[] {
  return objects
    .filter((object) => definitionOf(object) === name)
    .map(readRevision)
    .filter(({ deleting }) => !deleting)
    .toSorted((a, b) => a.number - b.number);
}
