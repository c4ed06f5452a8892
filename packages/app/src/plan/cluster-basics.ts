import { CRD_TYPE, DEFINITION_TYPE, REVISION_TYPE } from '@typekro/controller/controller';
import { type KubeObject, typeMetaOf } from '@typekro/kit/core';
import { type KubernetesApi, isNotFound, KubeError } from '@typekro/kube';
import type { ObjectType } from '@typekro/engine/runtime';

/** The data that every plan reads: definitions, their revisions, and the kinds of the cluster. */
export interface ClusterBasics {
  readonly definitions: readonly KubeObject[];
  readonly revisions: readonly KubeObject[];
  readonly crds: readonly KubeObject[];
  /** Sentences about kinds that could not be read, with the consequences for the plan. */
  readonly limits: readonly string[];
}

/** The consequence for the plan when a kind could not be read, by kind. */
const CONSEQUENCES: ReadonlyMap<string, string> = new Map([
  [DEFINITION_TYPE.kind, 'every definition is treated as new'],
  [REVISION_TYPE.kind, 'numbers of revisions are not known'],
  [CRD_TYPE.kind, 'changes of schemas and kinds of other groups are not known'],
]);

/**
 * Reads the basics with one list request per kind. Adds a limit for each kind that the user may not read. A kind that
 * is not served has no objects.
 */
export async function readBasics(api: KubernetesApi, signal: AbortSignal): Promise<ClusterBasics> {
  const limits: string[] = [];
  const listOf = async (type: ObjectType): Promise<KubeObject[]> => {
    const kind = typeMetaOf(type);
    try {
      return (await api.list(kind, { signal })).items;
    } catch (thrown) {
      if (isNotFound(thrown)) return [];
      if (!(thrown instanceof KubeError) || thrown.status !== 403) throw thrown;
      limits.push(
        `${type.plural}.${type.group} could not be read, and so ${CONSEQUENCES.get(type.kind)}: ${thrown.message}`,
      );
      return [];
    }
  };
  const [definitions, revisions, crds] = await Promise.all([DEFINITION_TYPE, REVISION_TYPE, CRD_TYPE].map(listOf));
  return { definitions: definitions ?? [], revisions: revisions ?? [], crds: crds ?? [], limits };
}

/** Returns the limit that explains why the objects of a type could not be read, or `undefined` when they were read. */
export function unreadBecause(
  limits: Iterable<string>,
  { plural, group }: Pick<ObjectType, 'plural' | 'group'>,
): string | undefined {
  const isOfType = (limit: string) => limit.startsWith(`${plural}.${group} `) && limit.includes('could not be read');
  return [...limits].find(isOfType)?.replace(/, and so [^:]*/, '');
}
