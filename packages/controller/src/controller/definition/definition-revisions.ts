import { type JsonObject, type KubeObject, typeMetaOf } from '@typekro/kit/core';
import { type KubernetesApi, isNotFound } from '@typekro/kube';
import { REVISION_TYPE } from './definition-object.ts';
import { definitionOf, readRevision } from './revision.ts';

/** A revision of a definition, for other programs. */
export interface DefinitionRevision {
  readonly number: number;
  /** The spec of the definition when the revision was issued. */
  readonly spec: JsonObject;
  readonly object: KubeObject;
}

/**
 * The revisions of a definition that are not being deleted, oldest first. Empty when the cluster does not serve
 * revisions.
 *
 * @throws KubeError when the revisions cannot be read.
 */
export async function definitionRevisions(
  api: Pick<KubernetesApi, 'list'>,
  name: string,
  signal: AbortSignal,
): Promise<DefinitionRevision[]> {
  const type = typeMetaOf(REVISION_TYPE);
  try {
    const { items } = await api.list(type, { signal });
    return revisionsIn(items, name);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/**
 * Selects the revisions of a definition from GraphRevision objects, oldest first. Leaves out objects that are being
 * deleted.
 */
export function revisionsIn(objects: readonly KubeObject[], name: string): DefinitionRevision[] {
  return objects
    .filter((object) => definitionOf(object) === name)
    .map(readRevision)
    .filter(({ deleting }) => !deleting)
    .toSorted((a, b) => a.number - b.number);
}
