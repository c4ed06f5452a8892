import { type JsonObject, type KubeObject, canonicalJson, jsonEquals, parseJson } from '@typekro/kit/core';
import { objectAt } from '@typekro/kit/kubernetes';
import { specNumber } from '../pods/pod-state.ts';
import { collisionsOf, podTemplateOf, templateHash } from './template-hash.ts';
import { type ControllerClient, controllerReference, isAlreadyExists } from '../controller-client.ts';

export const REVISIONS = { group: 'apps', plural: 'controllerrevisions' } as const;

/**
 * The label with the hash on the revisions and pods of DaemonSets. On the pods of StatefulSets, its value is the name
 * of the revision.
 */
export const REVISION_HASH = 'controller-revision-hash';

/** Returns the ControllerRevisions of a StatefulSet or DaemonSet, oldest first. */
function revisionsOf(client: ControllerClient, owner: KubeObject): KubeObject[] {
  return client.controlled(owner, REVISIONS).toSorted((a, b) => (numberOf(a) < numberOf(b) ? -1 : 1));
}

/** Returns the number of a revision as a bigint, because a JavaScript number cannot represent every int64. */
function numberOf(revision: KubeObject): bigint {
  const value = revision['revision'];
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : 0n;
}

/** Converts an integer to a number or, if a number would lose digits, keeps it as a bigint. */
const integer = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

/**
 * Returns the data of a revision: a strategic patch that replaces the owner's pod template. Its keys are sorted,
 * because clients compare it byte by byte.
 */
const dataOf = (template: JsonObject): JsonObject => ({
  spec: { template: parseJson(canonicalJson({ ...template, $patch: 'replace' })) },
});

/** The stored data that equal those of a pod template, which the versions of an owner share. */
const KNOWN_DATA = new WeakMap<JsonObject, JsonObject>();

/** The label that contains the hash of a revision. */
export type HashLabel = 'controller.kubernetes.io/hash' | typeof REVISION_HASH;

/** The revision of the present pod template. */
export interface CurrentRevision {
  readonly revision: KubeObject;
  /** The value for `status.collisionCount`. */
  readonly collisions: number;
}

/**
 * Returns the revision of the present pod template. If a revision with this template exists, it gets the highest
 * number. If none exists, a new revision is created. Deletes unused revisions beyond the history limit.
 */
export function currentRevision(
  client: ControllerClient,
  owner: KubeObject,
  label: HashLabel,
  inUse: ReadonlySet<string>,
): CurrentRevision {
  const all = revisionsOf(client, owner);
  const template = objectAt(owner.spec, 'template');
  const data = KNOWN_DATA.get(template) ?? dataOf(template);
  const last = all.at(-1);
  const highest = last === undefined ? 0n : numberOf(last);
  const known = all.find((revision) => jsonEquals(revision['data'], data));
  const found =
    known === undefined
      ? create(client, owner, label, { data, revision: integer(highest + 1n) })
      : {
          revision: numberOf(known) < highest ? client.update({ ...known, revision: integer(highest + 1n) }) : known,
          collisions: collisionsOf(owner),
        };
  if (known !== undefined) KNOWN_DATA.set(template, objectAt(known, 'data'));
  const unused = all.filter(({ metadata: { name = '' } }) => name !== found.revision.metadata.name && !inUse.has(name));
  const limit = specNumber(owner, 'revisionHistoryLimit', 10);
  for (const old of unused.slice(0, Math.max(0, unused.length - limit))) client.remove(old);
  return found;
}

/**
 * Creates a revision. If an object with equal data already has the name of the new revision (e.g. a released revision),
 * uses that object. If an object with other data has this name, tries the next hash.
 */
function create(
  client: ControllerClient,
  owner: KubeObject,
  label: HashLabel,
  content: { data: JsonObject; revision: number | bigint },
): CurrentRevision {
  const { name = '', namespace = '' } = owner.metadata;
  for (let collisions = collisionsOf(owner); ; collisions += 1) {
    const hash = templateHash(owner, collisions);
    const metadata = {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...podTemplateOf(owner).metadata.labels, [label]: hash },
      ownerReferences: [controllerReference(owner)],
    };
    try {
      const wanted = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, ...content };
      return { revision: client.create(wanted), collisions };
    } catch (error) {
      const existing = client.get(REVISIONS, namespace, metadata.name);
      if (!isAlreadyExists(error) || existing === undefined) throw error;
      if (jsonEquals(existing['data'], content.data)) return { revision: existing, collisions };
    }
  }
}

/** Returns the owner with the pod template of an earlier revision. */
export function atRevision(client: ControllerClient, owner: KubeObject, name: string): KubeObject {
  const revision = client.get(REVISIONS, owner.metadata.namespace ?? '', name);
  if (revision === undefined) return owner;
  const { $patch: _patch, ...template } = objectAt(objectAt(objectAt(revision, 'data'), 'spec'), 'template');
  return { ...owner, spec: { ...owner.spec, template } };
}
