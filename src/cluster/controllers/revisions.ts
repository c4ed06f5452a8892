import type { JsonObject, KubeObject } from '../../core/index.ts';
import { jsonEquals } from '../../core/index.ts';
import { objectAt } from '../../kubernetes/index.ts';
import { jsonOf, specNumber } from './pods.ts';
import { templateHash, podTemplateOf } from './template-hash.ts';
import { controllerReference } from './controller-client.ts';
import type { ControllerClient } from './controller-client.ts';

export const REVISIONS = { group: 'apps', plural: 'controllerrevisions' } as const;

/** The label with the hash in the revisions and pods of DaemonSets, and in the pods of StatefulSets. */
export const REVISION_HASH = 'controller-revision-hash';

/** The ControllerRevisions of a StatefulSet or DaemonSet, oldest first. */
function revisionsOf(client: ControllerClient, owner: KubeObject): KubeObject[] {
  return client.controlled(owner, REVISIONS).toSorted((a, b) => numberOf(a) - numberOf(b));
}

const numberOf = (revision: KubeObject): number => Number(jsonOf(revision)['revision'] ?? 0);

/** The data of a revision: a strategic patch that replaces the owner's pod template. */
function dataOf(owner: KubeObject): JsonObject {
  return { spec: { template: { ...objectAt(owner.spec, 'template'), $patch: 'replace' } } };
}

/** The label that contains the hash of a revision. */
export type HashLabel = 'controller.kubernetes.io/hash' | typeof REVISION_HASH;

/**
 * The revision of the present pod template. A template that was used before has a revision already; that revision gets
 * the highest number. Otherwise a new revision is created. Unused revisions beyond the history limit are deleted.
 */
export function currentRevision(
  client: ControllerClient,
  owner: KubeObject,
  label: HashLabel,
  inUse: ReadonlySet<string>,
): KubeObject {
  const all = revisionsOf(client, owner);
  const data = dataOf(owner);
  const highest = Math.max(0, ...all.map(numberOf));
  const known = all.find((revision) => jsonEquals(jsonOf(revision)['data'], data));
  const update =
    known === undefined
      ? create(client, owner, label, { data, revision: highest + 1 })
      : numberOf(known) < highest
        ? client.update({ ...known, revision: highest + 1 })
        : known;
  const spare = all.filter(({ metadata: { name = '' } }) => name !== update.metadata.name && !inUse.has(name));
  const limit = specNumber(owner, 'revisionHistoryLimit', 10);
  for (const old of spare.slice(0, Math.max(0, spare.length - limit))) client.remove(old);
  return update;
}

function create(
  client: ControllerClient,
  owner: KubeObject,
  label: HashLabel,
  content: { data: JsonObject; revision: number },
) {
  const { name = '', namespace = '' } = owner.metadata;
  const hash = templateHash(owner);
  return client.create({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...podTemplateOf(owner).metadata.labels, [label]: hash },
      ownerReferences: [controllerReference(owner)],
    },
    ...content,
  });
}

/** The owner with the pod template of an earlier revision. */
export function atRevision(client: ControllerClient, owner: KubeObject, name: string): KubeObject {
  const revision = client.get(REVISIONS, owner.metadata.namespace ?? '', name);
  if (revision === undefined) return owner;
  const { $patch: _patch, ...template } = objectAt(objectAt(objectAt(jsonOf(revision), 'data'), 'spec'), 'template');
  return { ...owner, spec: { ...owner.spec, template } };
}
