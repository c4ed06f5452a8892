import {
  type DefinitionRevision,
  pinnedRevision,
  declaredKind,
  declaredResource,
} from '@typekro/controller/controller';
import { type KubeObject, isJsonObject, namespacedName, typeMetaOf } from '@typekro/kit/core';
import { revisionHash } from '@typekro/engine/graph';
import { type KubernetesApi, type ListOptions, unlessFailed } from '@typekro/kube';
import { graphDifferences } from './revision-difference.ts';
import { isInstanceOf } from './serving-definition.ts';

/** A row of `typekro revisions`. */
export interface RevisionRow {
  readonly revision: number;
  /** The name of the GraphRevision object. */
  readonly name: string;
  readonly created: string;
  /** True when the revision is the newest one and equals the definition. */
  readonly current: boolean;
  /** Instances that are pinned to the revision, as `namespace/name`. */
  readonly pinned: readonly string[];
  /** The nodes and parts of the schema that differ from the previous revision. */
  readonly changes: readonly string[];
}

/**
 * Lists the stored revisions of a definition, newest first.
 *
 * @param issued the stored revisions of the definition, oldest first
 * @param pinnedTo the instances that are pinned to a revision, as `namespace/name`
 */
export function revisionRows(
  definition: KubeObject,
  issued: readonly DefinitionRevision[],
  pinnedTo: (revision: number) => readonly string[],
): RevisionRow[] {
  const spec = isJsonObject(definition.spec) ? definition.spec : {};
  const currentHash = revisionHash(spec);
  return issued
    .map(({ number, spec: of, object }, index): RevisionRow => {
      const before = issued[index - 1]?.spec;
      return {
        revision: number,
        name: object.metadata.name ?? '',
        created: object.metadata.creationTimestamp ?? '',
        current: revisionHash(of) === currentHash && index === issued.length - 1,
        pinned: pinnedTo(number),
        changes: before === undefined ? [] : graphDifferences(before, of),
      };
    })
    .toReversed();
}

/**
 * Reads the instances of a definition. Returns a function that lists the instances pinned to a revision, as
 * `namespace/name`.
 */
export async function readPins(
  api: KubernetesApi,
  definition: KubeObject,
  signal: AbortSignal,
): Promise<(revision: number) => readonly string[]> {
  const instances = (await instancesOfDefinition(api, definition, { metadataOnly: true, signal })) ?? [];
  return (revision) =>
    instances
      .filter((instance) => pinnedRevision(instance) === revision)
      .map(({ metadata }) => namespacedName(metadata));
}

/**
 * Lists the live instances that belong to a definition. Returns `undefined` when the list fails, for example because
 * the user may not list the kind or the kind is not served.
 */
export async function instancesOfDefinition(
  api: KubernetesApi,
  { metadata: { name = '' }, spec }: KubeObject,
  options: Pick<ListOptions, 'metadataOnly'> & { readonly signal: AbortSignal },
): Promise<readonly KubeObject[] | undefined> {
  const declared = declaredKind(isJsonObject(spec) ? spec : {});
  const type = (await unlessFailed(declaredResource(api, declared, options.signal))) ?? declared;
  const found = await unlessFailed(api.list(typeMetaOf(type), options));
  return found?.items.filter((instance) => isInstanceOf(name, instance, undefined));
}
