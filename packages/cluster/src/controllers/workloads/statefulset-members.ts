import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { recordEvent } from '../events.ts';
import { podFromTemplate } from '../pods/pod-state.ts';
import { atRevision, REVISION_HASH } from './revisions.ts';
import { CLAIMS } from '../scheduler.ts';
import { type ControllerClient, controllerReference, isApiError } from '../controller-client.ts';

const NAME = 'statefulset-controller';

/** The number at the end of a member's name; -1 for a pod that is not a member. */
export function ordinalOf(set: KubeObject, pod: KubeObject): number {
  const prefix = `${set.metadata.name ?? ''}-`;
  const name = pod.metadata.name ?? '';
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^\d{1,9}$/.test(rest) ? Number(rest) : -1;
}

const claimName = (template: JsonObject, member: string): string =>
  `${textAt(objectAt(template, 'metadata'), 'name')}-${member}`;

/**
 * Creates the pod of an ordinal from the template of a revision. Creates the claims of the pod first. Returns false
 * when the API refused the pod or a claim, e.g. because another pod already has this name.
 */
export function createMember(client: ControllerClient, set: KubeObject, ordinal: number, revision: string): boolean {
  const { name = '', namespace = '' } = set.metadata;
  const member = `${name}-${ordinal}`;
  const templates = objectsAt(set.spec, 'volumeClaimTemplates');
  for (const template of templates) if (!createClaim(client, set, template, member)) return false;
  const { metadata, spec } = podFromTemplate(atRevision(client, set, revision));
  const claimed = new Set(templates.map((template) => textAt(objectAt(template, 'metadata'), 'name')));
  const volumes = [
    ...templates.map((template) => ({
      name: textAt(objectAt(template, 'metadata'), 'name'),
      persistentVolumeClaim: { claimName: claimName(template, member) },
    })),
    ...objectsAt(spec, 'volumes').filter((volume) => !claimed.has(textAt(volume, 'name'))),
  ];
  const serviceName = textAt(set.spec, 'serviceName');
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: member,
      generateName: `${name}-`,
      namespace,
      labels: { ...metadata.labels, ...identityOf(set, ordinal), [REVISION_HASH]: revision },
      ownerReferences: [controllerReference(set)],
    },
    spec: {
      ...spec,
      hostname: member,
      ...(serviceName === '' ? {} : { subdomain: serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
  try {
    client.create(pod);
  } catch (error) {
    if (!isApiError(error)) throw error;
    // While another pod has the member's name, the set waits and records no Event.
    const isTaken = error.status.reason === 'AlreadyExists';
    const text = `Create Pod ${member} in StatefulSet ${name} failed error: ${error.message}`;
    if (!isTaken) recordEvent(client, set, NAME, 'FailedCreate', text, 'Warning');
    return false;
  }
  recordEvent(client, set, NAME, 'SuccessfulCreate', `Create Pod ${member} in StatefulSet ${name} successful`);
  return true;
}

const POD_NAME = 'statefulset.kubernetes.io/pod-name';

/** The labels that identify a member of a set. */
const identityOf = (set: KubeObject, ordinal: number): Record<string, string> => ({
  'apps.kubernetes.io/pod-index': String(ordinal),
  [POD_NAME]: `${set.metadata.name ?? ''}-${ordinal}`,
});

/** Restores the identity labels of a member that has lost the label with its pod name. */
export function restoreIdentity(client: ControllerClient, set: KubeObject, pod: KubeObject): void {
  const { name = '', labels } = pod.metadata;
  if (labels?.[POD_NAME] === name) return;
  const identity = identityOf(set, ordinalOf(set, pod));
  client.update({ ...pod, metadata: { ...pod.metadata, labels: { ...labels, ...identity } } });
  const text = `Update Pod ${name} in StatefulSet ${set.metadata.name ?? ''} successful`;
  recordEvent(client, set, NAME, 'SuccessfulUpdate', text);
}

/** Creates a claim that does not exist. Returns false when the API refused the claim. */
function createClaim(client: ControllerClient, set: KubeObject, template: JsonObject, member: string): boolean {
  const { name = '', namespace = '' } = set.metadata;
  const claim = claimName(template, member);
  if (client.get(CLAIMS, namespace, claim) !== undefined) return true;
  const { labels, annotations } = objectAt(template, 'metadata') as KubeObject['metadata'];
  const selected = objectAt(objectAt(set.spec, 'selector'), 'matchLabels') as Record<string, string>;
  try {
    client.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: claim,
        namespace,
        labels: { ...labels, ...selected },
        ...(annotations === undefined ? {} : { annotations }),
        ...(retention(set, 'whenDeleted') === 'Delete' ? { ownerReferences: [ownerOfClaim(set)] } : {}),
      },
      spec: objectAt(template, 'spec'),
    });
  } catch (error) {
    if (!isApiError(error)) throw error;
    const text = `Create Claim ${claim} for Pod ${member} in StatefulSet ${name} failed error: ${error.message}`;
    recordEvent(client, set, NAME, 'FailedCreate', text, 'Warning');
    return false;
  }
  const text = `Create Claim ${claim} Pod ${member} in StatefulSet ${name} success`;
  recordEvent(client, set, NAME, 'SuccessfulCreate', text);
  return true;
}

const retention = (set: KubeObject, event: 'whenDeleted' | 'whenScaled'): string =>
  textAt(objectAt(set.spec, 'persistentVolumeClaimRetentionPolicy'), event);

/**
 * An owner reference for a claim. The deletion of the owner also deletes the claim, but does not wait until the claim
 * is gone.
 */
function ownerOfClaim(owner: KubeObject) {
  const { controller: _controller, blockOwnerDeletion: _block, ...reference } = controllerReference(owner);
  return reference;
}

function claimsOf(client: ControllerClient, set: KubeObject, member: string): KubeObject[] {
  return objectsAt(set.spec, 'volumeClaimTemplates').flatMap(
    (template) => client.get(CLAIMS, set.metadata.namespace ?? '', claimName(template, member)) ?? [],
  );
}

/**
 * Is the object a claim of a member of the set? The name decides: the name of a claim template, the name of the set and
 * a number. Any other claim belongs to the user.
 */
function isClaimOf(set: KubeObject, { kind, metadata: { name = '' } }: KubeObject): boolean {
  if (kind !== 'PersistentVolumeClaim') return false;
  return objectsAt(set.spec, 'volumeClaimTemplates').some((template) => {
    const prefix = claimName(template, `${set.metadata.name ?? ''}-`);
    return name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
  });
}

/**
 * Sets or removes the StatefulSet as owner of its members' claims. `whenDeleted` of the retention policy decides. A
 * user can change the policy at any time.
 */
export function ownClaims(client: ControllerClient, set: KubeObject): void {
  if (objectsAt(set.spec, 'volumeClaimTemplates').length === 0) return;
  const wanted = retention(set, 'whenDeleted') === 'Delete';
  const { uid = '' } = set.metadata;
  if (!wanted) {
    for (const { object } of client.dependents(uid)) {
      if (isClaimOf(set, object)) setOwner(client, object, uid, undefined);
    }
    return;
  }
  const first = Number(objectAt(set.spec, 'ordinals')['start'] ?? 0);
  const count = Number(set.spec?.['replicas'] ?? 1);
  for (let ordinal = first; ordinal < first + count; ordinal += 1) {
    const member = `${set.metadata.name ?? ''}-${ordinal}`;
    for (const claim of claimsOf(client, set, member)) setOwner(client, claim, uid, set);
  }
}

/**
 * Makes a member's pod the owner of the member's claims, if the retention policy (`whenScaled`) deletes the claims
 * together with a pod that a smaller `replicas` removes.
 */
export function giveClaimsToPod(client: ControllerClient, set: KubeObject, pod: KubeObject): void {
  if (retention(set, 'whenScaled') !== 'Delete') return;
  for (const claim of claimsOf(client, set, pod.metadata.name ?? '')) {
    setOwner(client, claim, set.metadata.uid ?? '', pod);
  }
}

/**
 * Removes the owner reference with `uid` from a claim. If `owner` is given, adds an owner reference to `owner`; a claim
 * that already has this reference does not change.
 */
function setOwner(client: ControllerClient, claim: KubeObject, uid: string, owner: KubeObject | undefined): void {
  const { ownerReferences = [], ...metadata } = claim.metadata;
  const wanted = owner?.metadata.uid;
  if (ownerReferences.some((reference) => reference.uid === wanted)) return;
  const others = ownerReferences.filter((reference) => reference.uid !== uid);
  const references = owner === undefined ? others : [...others, ownerOfClaim(owner)];
  client.update({
    ...claim,
    metadata: references.length === 0 ? metadata : { ...metadata, ownerReferences: references },
  });
}
